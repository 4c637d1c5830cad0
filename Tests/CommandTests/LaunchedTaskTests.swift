import Experiments
import Scheduling
import Tensors
import Testing

/// Which part of a job a process is, by the environments that launchers set.
@Suite struct LaunchedTaskTests {
  @Test(arguments: [
    (["SLURM_ARRAY_TASK_ID": "3", "SLURM_ARRAY_TASK_COUNT": "8"], "3/8"),
    (
      ["SLURM_ARRAY_TASK_ID": "0", "SLURM_ARRAY_TASK_COUNT": "8", "SLURM_ARRAY_TASK_MIN": "0", "SLURM_ARRAY_TASK_MAX": "7"], "1/8"
    ),
    (
      [
        "SLURM_ARRAY_TASK_ID": "9", "SLURM_ARRAY_TASK_COUNT": "3", "SLURM_ARRAY_TASK_MIN": "3", "SLURM_ARRAY_TASK_MAX": "9",
        "SLURM_ARRAY_TASK_STEP": "3", "SLURM_PROCID": "0", "SLURM_JOB_ID": "2",
      ], "3/3"
    ),
    (["SLURM_PROCID": "2", "SLURM_NTASKS": "3"], "3/3"),
    (["SLURM_PROCID": "1", "SLURM_NTASKS": "9", "SLURM_STEP_NUM_TASKS": "4", "SLURM_STEP_ID": "0", "SLURM_JOB_ID": "7"], "2/4"),
    (["OMPI_COMM_WORLD_RANK": "0", "OMPI_COMM_WORLD_SIZE": "3", "SLURM_PROCID": "0", "SLURM_NTASKS": "1"], "1/3"),
    (["PMI_RANK": "4", "PMI_SIZE": "5"], "5/5"),
    // Ranks within tasks of an array.
    (["SLURM_ARRAY_TASK_ID": "2", "SLURM_ARRAY_TASK_COUNT": "3", "PMI_RANK": "1", "PMI_SIZE": "4"], "6/12"),
    (["SLURM_ARRAY_TASK_ID": "2", "SLURM_ARRAY_TASK_COUNT": "3", "SLURM_PROCID": "0", "SLURM_NTASKS": "1"], "2/3"),
  ])
  func environmentsAreUnderstood(environment: [String: String], part: String) throws {
    #expect(try LaunchedTask(environment)?.part == DataPart(part))
  }

  @Test func noLauncherSpeaks() throws {
    #expect(try LaunchedTask([:]) == nil)
    // A rank without a number of ranks, as the script of a batch job has it.
    #expect(try LaunchedTask(["SLURM_PROCID": "0", "SLURM_JOB_ID": "2"]) == nil)
  }

  @Test(arguments: [
    // --array=1,5,7
    ["SLURM_ARRAY_TASK_ID": "5", "SLURM_ARRAY_TASK_COUNT": "3", "SLURM_ARRAY_TASK_MIN": "1", "SLURM_ARRAY_TASK_MAX": "7"],
    ["SLURM_ARRAY_TASK_ID": "5"], ["SLURM_ARRAY_TASK_ID": "x", "SLURM_ARRAY_TASK_COUNT": "3"],
    ["SLURM_ARRAY_TASK_ID": "9", "SLURM_ARRAY_TASK_COUNT": "3"], ["PMI_RANK": "5", "PMI_SIZE": "5"],
    ["PMI_RANK": "-1", "PMI_SIZE": "5"], ["PMI_RANK": "0", "PMI_SIZE": "0"],
    // The script of a batch job is none of its tasks.
    ["SLURM_PROCID": "0", "SLURM_NTASKS": "8", "SLURM_JOB_ID": "2"],
    ["SLURM_ARRAY_TASK_ID": "1", "SLURM_ARRAY_TASK_COUNT": "1000000", "PMI_RANK": "0", "PMI_SIZE": "1000000"],
  ])
  func whatDoesNotGoTogetherIsRefused(environment: [String: String]) {
    #expect(throws: EspalierError.self) { try LaunchedTask(environment) }
  }
}
