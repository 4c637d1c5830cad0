"""Runs PyTorch modules as they are with LXT's rules in place of PyTorch's functions.

`lxt.explicit` replaces functions of a traced graph; here the calls are replaced as they are made, so that torchvision's modules need no
change. Whatever does not depend on the input stays PyTorch's. Additions and subtractions are LXT's `add2`, products of maps `matmul`,
`linear` and convolutions the epsilon rule, layer norms, means, softmax and GELU what LXT has for them. Needs lxt, zennit and torch.
"""

import lxt.explicit.functional as lf
import lxt.explicit.rules as rules
import torch
import torch.nn.functional as F
from torch.overrides import TorchFunctionMode

ADD = {torch.add, torch.Tensor.add, torch.Tensor.__add__, torch.Tensor.__radd__}
MULTIPLY = {torch.mul, torch.Tensor.mul, torch.Tensor.__mul__, torch.Tensor.__rmul__}
MATMUL = {torch.matmul, torch.Tensor.matmul, torch.Tensor.__matmul__}


class Rules(TorchFunctionMode):
    """Replaces the calls of a forward pass.

    `layers` are the outputs of linear layers and convolutions, `products` those of products of maps, each with what sums its relevance to
    [images, channels] and [images, heads].
    """

    def __init__(self, images, constant_attention=False, epsilon=1e-6):
        super().__init__()
        self.images, self.constant_attention, self.epsilon = images, constant_attention, epsilon
        self.layers, self.products = [], []

    def __torch_function__(self, function, types, arguments=(), options=None):
        options = options or {}
        tensors = [value for value in (*arguments, *options.values()) if isinstance(value, torch.Tensor)]
        if not any(tensor.requires_grad for tensor in tensors):
            return function(*arguments, **options)
        if function in ADD:
            return lf.add2(*arguments[:2], False, self.epsilon)
        if function in MULTIPLY:
            return lf.mul2(*arguments[:2])
        if function in MATMUL:
            return self.matmul(*arguments)
        if function is F.linear:
            return self.linear(*arguments, **options)
        if function in (F.conv2d, torch.conv2d):
            output = rules.epsilon_lrp(lambda x: function(x, *arguments[1:], **options), self.epsilon, arguments[0])
            return self.kept(output, lambda r: r.flatten(2).sum(2))
        if function is F.layer_norm:
            return self.layer_norm(*arguments, **options)
        if function is F.softmax or function is torch.Tensor.softmax:
            return self.softmax(*arguments, **options)
        if function is F.gelu:
            return rules.identity(lambda x: function(x, *arguments[1:], **options), arguments[0])
        if function is F.adaptive_avg_pool2d:
            return lf.mean(arguments[0].flatten(2), -1, True, self.epsilon).unflatten(2, (1, 1))
        if function is F.multi_head_attention_forward:
            return self.attention(*arguments, **options)
        return function(*arguments, **options)

    def kept(self, output, sums):
        output.retain_grad()
        self.layers.append((output, sums))
        # A view, since LXT's layer norm differentiates to its input once more, which would be counted too.
        return output.view_as(output)

    def linear(self, x, weight, bias=None, tokens_first=False):
        output = lf.linear_epsilon(x, weight, bias, self.epsilon)
        if tokens_first:
            return self.kept(output, lambda r: r.sum(0))
        return self.kept(output, lambda r: r.reshape(self.images, -1, r.shape[-1]).sum(1))

    def layer_norm(self, x, shape, weight=None, bias=None, eps=1e-5):
        return lf.layer_norm_grad_fn.apply(x, weight, bias, eps, self.epsilon)

    def softmax(self, x, dim=None, **_):
        result = lf.softmax(x, dim)
        return result.detach() if self.constant_attention else result

    def matmul(self, a, b):
        if a.requires_grad and b.requires_grad:
            product = lf.matmul(a, b, False, self.epsilon)
        else:
            product = rules.epsilon_lrp(torch.matmul, self.epsilon, a, b)
        product.retain_grad()
        self.products.append((product, lambda r: r.reshape(self.images, -1, r.shape[1], r[0, 0].numel()).sum((1, 3))))
        return product

    def attention(self, query, key, value, width, count, weight, bias, *arguments, **options):
        """What `torch.nn.MultiheadAttention` calls, for one input and no masks; [tokens, images, width]."""
        out_weight, out_bias = arguments[4:6]
        tokens, images, _ = query.shape
        parts = self.linear(query, weight, bias, True).unflatten(-1, (3, count, width // count)).permute(2, 1, 3, 0, 4)
        q, k, v = parts[0], parts[1], parts[2]
        scores = self.matmul(lf.mul2(q, (width // count) ** -0.5), k.transpose(-2, -1))
        values = self.matmul(self.softmax(scores, -1), v)
        return self.linear(values.permute(2, 0, 1, 3).reshape(tokens, images, width), out_weight, out_bias, True), None


def relevance(model, x, classes, constant_attention=False, epsilon=1e-6, composite=None):
    """Relevance at the input, per channel at the outputs of layers, and per head of attention, from one-hot targets.

    `composite` is one of zennit's, whose rules replace LXT's in the modules that it knows.
    """
    x = x.clone().requires_grad_(True)
    mode = Rules(len(x), constant_attention, epsilon)
    if composite is not None:
        composite.register(model)
    with mode:
        y = model(x)
    start = torch.zeros_like(y)
    start[torch.arange(len(x)), classes] = 1
    y.backward(start)
    if composite is not None:
        composite.remove()
    # Every second product is that of attention and values.
    return x.grad, [sums(output.grad) for output, sums in mode.layers], [sums(output.grad) for output, sums in mode.products[1::2]]
