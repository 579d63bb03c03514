"""What can end a job, which message says so, what is kept, and how to go on."""

from __future__ import annotations

from typing import NamedTuple


class End(NamedTuple):
    """One condition; ``message`` is as in the catalogue, or None where nothing is said because nothing ends."""

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
        "The workspace can only be read",
        "<target>: cannot be written (<reason>); set MIRAGE_HOME to a folder of your own",
        "What was there. Get the right to write, or copy the run into a workspace of your own and resume there.",
    ),
    End(
        "The workspace was removed, or its disk was unmounted",
        "<folder>: the folder is not there any more; put it back, or mount its disk, and run the command again",
        "What is on the disk that was unmounted; of a folder that was deleted, nothing.",
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
        "The process was killed (by the system for want of memory, by `kill -9`, by a power cut)",
        "the process has died; resume goes on from the last checkpoint",
        "The last checkpoint. Where it happens at the same step each time, the memory is too small.",
    ),
    End(
        "The process never began",
        "the process did not begin; job.log may say why, resume tries again",
        "The run as it was made.",
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
