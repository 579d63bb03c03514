"""What can end a job, which message says so, what is kept, and how to go on."""

from __future__ import annotations

from typing import NamedTuple


class End(NamedTuple):
    """One condition; ``message`` is as in the catalogue, or None where nothing ends; ``kept`` says how to go on."""

    condition: str
    message: str | None
    kept: str


ENDS = (
    End(
        "The disk is full",
        "<target>: the disk is full; free some space and run the command again",
        "The last complete checkpoint. Free some space, then `mirage resume RUN` or Resume on the page Train.",
    ),
    End(
        "The disk is so full that not even the state can be written",
        "the disk is full (free some space) and the process has died; resume goes on from the last checkpoint",
        "The last complete checkpoint. Free some space, then resume.",
    ),
    End(
        "The workspace can only be read",
        "<target>: cannot be written (<reason>); set MIRAGE_HOME to a folder of your own",
        "What was there. Get the right to write, or copy the run into a workspace of your own and resume there.",
    ),
    End(
        "The workspace became read-only while the job worked",
        "the job's folder cannot be written any more and the process has died; resume goes on from the last checkpoint",
        "The last complete checkpoint. Make the folder writable again (`mirage doctor` looks), then resume.",
    ),
    End(
        "The job's folder, or the whole workspace, was removed or moved away",
        "<folder>: the folder was removed or moved away while it was worked on; put it back and resume",
        "What lies where the folder was moved to, or in the trash: `mirage restore NAME`. The job ends within seconds "
        "and does not make the folder again.",
    ),
    End(
        "The workspace's disk was unmounted",
        "<target>: its folder is not there any more; put it back, or mount its disk, and run the command again",
        "What is on the disk. Mount it, then resume.",
    ),
    End(
        "The loss is NaN or infinite",
        "<stage>, step <step>: the loss is <loss>; lower the learning rate and resume from the checkpoint",
        "The last checkpoint before it. A learning rate of a third is a good first try: train a new run with it.",
    ),
    End(
        "The memory is full",
        "out of memory; use a smaller batch or fewer hidden units, then resume",
        "The last checkpoint. Close other programs, or lower `alignment.batch` and `generation.batch`.",
    ),
    End(
        "The memory of the GPU is full",
        "out of GPU memory; use a smaller batch or training.device = cpu, then resume",
        "The last checkpoint.",
    ),
    End(
        "The memory is full in a benchmark",
        "out of memory; run it again with fewer processes, what is done is kept",
        "Every cell that is finished.",
    ),
    End(
        "The process was killed (by the system for want of memory, by `kill -9`)",
        "the process has died (killed, or out of memory); resume goes on from the last checkpoint",
        "The last checkpoint. Where it happens at the same step each time, the memory is too small.",
    ),
    End(
        "The machine was restarted, or lost its power",
        "the machine was restarted; resume goes on from the last checkpoint",
        "The last checkpoint whose checksums hold. Nothing is resumed by itself.",
    ),
    End(
        "The process was killed before its turn came",
        "the process has died (killed, or out of memory) while it waited; resume queues it again",
        "The job as it was made, or its last checkpoint where it was resumed. It goes to the end of the queue.",
    ),
    End(
        "The machine was restarted before its turn came",
        "the machine was restarted while it waited; resume queues it again",
        "The same.",
    ),
    End(
        "Somebody stopped it before its turn came",
        "stopped before its turn came; resume queues it again",
        "The same.",
    ),
    End(
        "Its turn does not come",
        None,
        "It waits, and its message says for whom. Wait, stop what it waits for, or let jobs use more cores: "
        "`mirage jobs --cores N`. A large job is not overtaken by small ones; one that fits nowhere begins when it is "
        "alone.",
    ),
    End(
        "The process ended and said nothing",
        "ended without a word; see job.log",
        "Whatever was written before. `job.log` in the job's folder may say more.",
    ),
    End(
        "The process never began",
        "the process did not begin; job.log may say why, resume tries again",
        "The job as it was made. `job.log` in its folder says what the process printed.",
    ),
    End(
        "A process of a benchmark was killed",
        "a process of the benchmark was killed, perhaps for want of memory; run the same command again to go on, with "
        "--workers 1 if it happens again",
        "Every cell that is finished.",
    ),
    End(
        "Somebody stopped it (`mirage stop`, the button, Ctrl-C, SIGTERM)",
        "stopped; resume goes on from here",
        "Everything: a checkpoint is written before it ends.",
    ),
    End(
        "Ctrl-C was pressed twice",
        "broken off; resume goes on from the last checkpoint",
        "The last checkpoint.",
    ),
    End(
        "A checkpoint fits another configuration",
        "<folder>: does not fit the configuration of this run (<reason>); train anew",
        "The checkpoint; put `config.yaml` back as it was and resume, or train a new run.",
    ),
    End(
        "A checkpoint is damaged",
        None,
        "Its checksum tells: the one before it is taken, and where there is none the stage begins anew.",
    ),
    End(
        "The clock was set back or forward",
        None,
        "Everything: a job whose heart beats counts as alive, whatever the clock says of its start.",
    ),
)
