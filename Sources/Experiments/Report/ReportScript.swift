/// What the page does: one layer at a time, its filters sorted and filtered, their images drawn when they come into view.
enum ReportScript {
  static let text = #"""
    (() => {
      'use strict';
      const data = JSON.parse(document.getElementById('data').textContent);
      const state = { layer: -1, sort: 'iou', reversed: false, concept: -1, detectors: false, whole: false };
      const orders = { iou: 'IoU', label: 'label', votes: 'votes', unit: 'filter' };
      const images = new Map();

      /** An element with attributes and children; texts are only ever text. */
      function make(tag, attributes = {}, ...children) {
        const element = document.createElement(tag);
        for (const [name, value] of Object.entries(attributes)) {
          if (name === 'style') element.style.cssText = value;
          else if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
          else if (value !== undefined) element.setAttribute(name, value);
        }
        element.append(...children.filter(child => child !== undefined));
        return element;
      }
      const number = (value, digits = 3) => value === null || value === undefined ? '–'
        : String(+value.toPrecision(digits)).replace(/-/g, '−');
      const plural = (count, one, many) => `${count} ${count === 1 ? one : many}`;
      const category = concept => data.categories[data.concepts[concept].category];
      const label = unit => unit.c.length ? data.concepts[unit.c[0][0]].name : '';
      const overlap = unit => unit.c.length ? unit.c[0][1] : 0;
      const detects = unit => overlap(unit) > data.limit;
      /** A name that may break behind its dots. */
      const soft = name => name.split(/(?<=\.)/).flatMap((part, at) => at ? [make('wbr'), part] : [part]);
      const hash = position => position < 0 ? '#' : '#' + encodeURIComponent(data.layers[position].name);

      const compare = {
        iou: (a, b) => overlap(b) - overlap(a) || a.u - b.u,
        label: (a, b) => (label(a) === '') - (label(b) === '') || label(a).localeCompare(label(b)) || compare.iou(a, b),
        votes: (a, b) => b.v - a.v || compare.iou(a, b),
        unit: (a, b) => a.u - b.u,
      };

      /** Runs outside, inside, outside … as a list of flags, row by row. */
      function decode(text) {
        const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
        const inside = new Uint8Array(data.width * data.height);
        let [position, flag, length, scale] = [0, 0, 0, 1];
        for (const character of text) {
          const digit = alphabet.indexOf(character);
          length += (digit % 32) * scale;
          scale *= 32;
          if (digit >= 32) continue;
          if (flag) inside.fill(1, position, position + length);
          position += length;
          [flag, length, scale] = [1 - flag, 0, 1];
        }
        return inside;
      }

      async function loaded(position) {
        if (!images.has(position)) {
          const image = new Image();
          image.src = data.images[position].src;
          images.set(position, image.decode().then(() => image));
        }
        return images.get(position);
      }

      /** Draws an image, what is outside the mask dark and the mask's edge in the colour of the concept. */
      async function draw(canvas) {
        const { image, mask, color } = canvas.content;
        const [width, height] = [data.width, data.height];
        const scale = Math.max(1, Math.floor(168 / Math.max(width, height)));
        const source = await loaded(image);
        canvas.width = width * scale;
        canvas.height = height * scale;
        const context = canvas.getContext('2d');
        context.imageSmoothingEnabled = false;
        context.drawImage(source, 0, 0, canvas.width, canvas.height);
        canvas.dataset.drawn = state.whole ? 'whole' : 'masked';
        if (state.whole) return;
        const inside = decode(mask);
        const shade = make('canvas', { width, height });
        const pixels = new ImageData(width, height);
        for (let position = 0; position < inside.length; position++) {
          pixels.data.set([16, 16, 20, inside[position] ? 0 : 190], 4 * position);
        }
        shade.getContext('2d').putImageData(pixels, 0, 0);
        context.drawImage(shade, 0, 0, canvas.width, canvas.height);
        context.fillStyle = color;
        const edge = Math.max(1, Math.round(scale / 4));
        for (let y = 0; y < height; y++) {
          for (let x = 0; x < width; x++) {
            if (!inside[y * width + x]) continue;
            const [left, top] = [x * scale, y * scale];
            if (x > 0 && !inside[y * width + x - 1]) context.fillRect(left, top, edge, scale);
            if (x + 1 < width && !inside[y * width + x + 1]) context.fillRect(left + scale - edge, top, edge, scale);
            if (y > 0 && !inside[(y - 1) * width + x]) context.fillRect(left, top, scale, edge);
            if (y + 1 < height && !inside[(y + 1) * width + x]) context.fillRect(left, top + scale - edge, scale, edge);
          }
        }
      }

      const watcher = new IntersectionObserver(entries => {
        for (const entry of entries) {
          if (!entry.isIntersecting) continue;
          watcher.unobserve(entry.target);
          draw(entry.target);
        }
      }, { rootMargin: '400px' });

      function swatch(color) { return make('span', { class: 'swatch', style: `background:${color}` }); }

      function legend() {
        return make('div', { class: 'legend' },
          ...data.categories.map(category => make('span', {}, swatch(category.color), category.name)));
      }

      function navigation() {
        const link = (position, name, note) => make('a',
          { href: hash(position), 'data-layer': position, 'aria-current': position === state.layer ? 'page' : undefined },
          ...soft(name), make('small', {}, note));
        document.getElementById('layers').replaceChildren(
          link(-1, 'Overview', plural(data.layers.length, 'layer', 'layers')),
          ...data.layers.map((layer, position) => link(position, layer.name, `${layer.detectors} of ${layer.filters} detect`)));
        // The strip of layers is longer than a narrow window: the one that is shown is brought to its middle.
        const strip = document.getElementById('layers');
        const [all, here] = [strip, strip.querySelector('[aria-current]')].map(element => element.getBoundingClientRect());
        strip.scrollLeft += (here.left + here.right - all.left - all.right) / 2;
        strip.scrollTop += (here.top + here.bottom - all.top - all.bottom) / 2;
      }

      function overview() {
        const most = Math.max(1, ...data.layers.map(layer => layer.filters));
        const rows = data.layers.map((layer, position) => {
          const byCategory = data.categories.map(() => 0);
          layer.counts.forEach((count, concept) => { byCategory[data.concepts[concept].category] += count; });
          const best = [...layer.units].sort(compare.iou)[0];
          return make('tr', {},
            make('td', {}, make('a', { href: hash(position) }, ...soft(layer.name))),
            make('td', { class: 'number' }, layer.filters), make('td', { class: 'number' }, layer.detectors),
            make('td', { class: 'bars' }, make('div', { class: 'stack', style: `width:${100 * layer.filters / most}%;min-width:1rem` },
              ...byCategory.map((count, at) => make('i', { style:
                `width:${100 * count / Math.max(1, layer.filters)}%;background:${data.categories[at].color}` })))),
            make('td', { class: 'number extra' }, layer.counts.filter(count => count > 0).length),
            make('td', {}, best && best.c.length ? `${label(best)}, filter ${best.u}` : '–'),
            make('td', { class: 'number' }, best && best.c.length ? overlap(best).toFixed(3) : '–'));
        });
        return [
          make('h1', {}, data.title),
          make('dl', {}, ...data.facts.flatMap(([name, text]) => [make('dt', {}, name), make('dd', {}, text)])),
          make('h2', {}, 'Layers'),
          make('p', { class: 'lead' }, `A filter detects the concept that it fits best where their intersection over union, over all `
            + `images, is above ${data.limit}.`, make('span', { class: 'bars' }, ' Bars: filters, and in colour those that detect.')),
          make('div', { class: 'wide' }, make('table', {}, make('thead', {}, make('tr', {}, make('th', {}, 'Layer'), make('th', { class: 'number' }, 'Filters'),
            make('th', { class: 'number' }, 'Detectors'), make('th', { class: 'bars' }, ''),
            make('th', { class: 'number extra' }, 'Concepts'), make('th', {}, 'Best'), make('th', { class: 'number' }, 'IoU'))),
          make('tbody', {}, ...rows))),
          make('p', {}), legend(),
        ];
      }

      function chart(layer) {
        const most = Math.max(1, ...layer.counts);
        const sections = data.categories.map((category, at) => {
          const found = data.concepts.map((concept, position) => ({ concept, position, count: layer.counts[position] }))
            .filter(entry => entry.concept.category === at && entry.count > 0)
            .sort((a, b) => b.count - a.count || a.concept.name.localeCompare(b.concept.name));
          if (!found.length) return undefined;
          const total = found.reduce((sum, entry) => sum + entry.count, 0);
          return make('section', {},
            make('h3', {}, swatch(category.color),
              `${category.name}: ${plural(total, 'filter', 'filters')}, ${plural(found.length, 'concept', 'concepts')}`),
            ...found.map(entry => make('button', {
              class: 'bar', type: 'button', 'data-concept': entry.position, title: `show only filters that detect ${entry.concept.name}`,
              'aria-pressed': state.concept === entry.position,
              onclick: () => { state.concept = state.concept === entry.position ? -1 : entry.position; show(); },
            }, make('span', {}, entry.concept.name),
            make('i', { style: `width:${100 * entry.count / most}%;background:${category.color}` }), make('span', {}, entry.count))));
        }).filter(section => section);
        if (!sections.length) return make('p', { class: 'empty' }, 'No filter of this layer detects a concept.');
        return make('div', { class: 'chart' }, ...sections);
      }

      function tools(shown, all) {
        const sort = name => make('button', {
          type: 'button', 'data-sort': name, 'aria-pressed': state.sort === name,
          onclick: () => {
            state.reversed = state.sort === name && !state.reversed;
            state.sort = name;
            show();
          },
        }, orders[name] + (state.sort === name ? (state.reversed ? ' ↑' : ' ↓') : ''));
        const check = (name, text) => make('label', {}, make('input', {
          type: 'checkbox', 'data-check': name, checked: state[name] ? '' : undefined,
          onchange: event => { state[name] = event.target.checked; show(); },
        }), ' ' + text);
        return make('div', { class: 'tools' },
          make('div', {}, make('span', {}, 'Sort by'), ...Object.keys(orders).map(sort)),
          check('detectors', 'detectors only'), check('whole', 'whole images'),
          make('span', { 'data-count': '' }, shown < all ? `${shown} of ${plural(all, 'filter', 'filters')} shown`
            : `all ${plural(all, 'filter', 'filters')} shown`),
          state.concept >= 0 ? make('button', { type: 'button', 'data-all': '', onclick: () => { state.concept = -1; show(); } },
            `only ${data.concepts[state.concept].name} ✕`) : undefined);
      }

      function card(unit, most) {
        const tone = unit.c.length && detects(unit) ? category(unit.c[0][0]).color : undefined;
        const statistics = [['mean', unit.s[0]], ['deviation', unit.s[1]], ['least', unit.s[2]], ['greatest', unit.s[3]],
          ['zeros', unit.s[4] === null ? null : 100 * unit.s[4], '%'], ['threshold', unit.t]];
        return make('article', { class: 'card', style: tone ? `--tone:${tone}` : '', 'data-unit': unit.u, 'data-iou': overlap(unit),
          'data-votes': unit.v, 'data-label': label(unit) },
        make('header', {}, make('span', { class: 'unit' }, `filter ${unit.u}`), make('h3', {}, label(unit) || 'fits no concept'),
          make('span', { class: detects(unit) ? 'iou' : 'iou below', title: 'intersection over union' },
            `IoU ${overlap(unit).toFixed(3)}`)),
        make('div', { class: 'images' }, ...unit.p.map((position, at) => {
          const image = data.images[position];
          const canvas = make('canvas', { width: data.width, height: data.height, role: 'img',
            'aria-label': `image ${image.n} ${image.l}` });
          canvas.content = { image: position, mask: unit.m[at], color: tone || '#f4f1e8' };
          watcher.observe(canvas);
          return make('figure', { title: `image ${image.n} ${image.l}: greatest activation ${number(unit.a[at])}` }, canvas,
            make('figcaption', {}, image.l || `image ${image.n}`));
        })),
        make('div', { class: 'fits' }, ...unit.c.flatMap(([concept, share]) => [
          make('span', {}, data.concepts[concept].name),
          make('i', { style: `width:${100 * share / most}%;background:${category(concept).color}` }),
          make('b', {}, share.toFixed(3))])),
        make('div', { class: 'numbers' }, make('span', {}, 'votes', make('b', {}, unit.v)),
          ...statistics.map(([name, value, mark = '']) => make('span', {}, name, make('b', {}, number(value) + (value === null ? '' : mark))))));
      }

      function layer(content) {
        const shown = content.units.filter(unit => (state.concept < 0 || (unit.c.length && unit.c[0][0] === state.concept && detects(unit)))
          && (!state.detectors || detects(unit))).sort(compare[state.sort]);
        if (state.reversed) shown.reverse();
        const concepts = content.counts.filter(count => count > 0).length;
        const cut = content.units.length < content.filters
          ? ` ${content.units.length} of ${content.filters} shown, of every concept the best.` : '';
        const most = Math.max(1e-6, ...content.units.map(overlap));
        return [
          make('h1', {}, ...soft(content.name)),
          make('p', { class: 'lead' }, make('b', {}, `${content.detectors} of ${plural(content.filters, 'filter', 'filters')}`),
            ` detect ${plural(concepts, 'concept', 'concepts')} with IoU above ${data.limit}.${cut}`
            + (content.node !== content.name ? ` Node ${content.node}.` : '')),
          chart(content), tools(shown.length, content.filters),
          shown.length ? make('div', { class: 'grid', id: 'grid' }, ...shown.map(unit => card(unit, most)))
            : make('p', { class: 'empty' }, 'No filter is left.'),
        ];
      }

      function show() {
        watcher.disconnect();
        navigation();
        document.getElementById('main').replaceChildren(...(state.layer < 0 ? overview() : layer(data.layers[state.layer])));
      }

      function follow() {
        let name = '';
        try { name = decodeURIComponent(location.hash.slice(1)); } catch { /* no layer has such a name */ }
        const position = data.layers.findIndex(layer => layer.name === name);
        if (position !== state.layer) state.concept = -1;
        state.layer = position;
        show();
        scrollTo(0, 0);
      }

      addEventListener('hashchange', follow);
      follow();
    })();
    """#
}
