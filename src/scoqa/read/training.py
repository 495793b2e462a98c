"""Fine-tune the span reader on examples and write a model folder.

Input: examples (a question, windows, and the places that answer it) and an initial model. Output: a
folder for the setting `reader`. An interrupted training resumes from its last checkpoint. The
training objective is in `objective`.
"""

from __future__ import annotations

import json
import math
import os
import random
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scoqa.errors import ReaderTrainingError
from scoqa.read import calibration
from scoqa.read.encoder import Encoder
from scoqa.read.model_storage import load_model, save_model
from scoqa.read.objective import Example, compute_loss, measure
from scoqa.serial import json_text

if TYPE_CHECKING:
    from torch import Tensor

WEIGHTS = "model.safetensors"
REPORT = "training.json"
CHECKPOINT = "checkpoint"
OLD_CHECKPOINT = f".old-{CHECKPOINT}"  # the previous checkpoint, until the next one is complete
# Copied from the folder of the initial model.
COPIED = ("tokenizer.json", "tokenizer_config.json", "LICENSE.txt")
CHECKPOINT_SECONDS = 600
WARM_UP = 0.06  # share of all steps
WEIGHT_DECAY = 0.01
CLIP = 1.0  # maximum norm of the gradient

TrainingProgress = Callable[[int, int, str], None]


@dataclass(frozen=True, slots=True)
class Recipe:
    """The settings of a training that affect its result."""

    passes: float = 1.0  # over all examples
    questions: int = 16  # per step
    rate: float = 1e-4  # the greatest learning rate, which falls to 0
    seed: int = 1


def train(
    examples: Sequence[Example],
    held_out: Sequence[Example],
    init: Path,
    out: Path,
    *,
    recipe: Recipe = Recipe(),
    about: Mapping[str, Any] | None = None,
    progress: TrainingProgress | None = None,
) -> Mapping[str, Any]:
    """Train on `examples`, write the reader and a report to `out`, and return the report.

    Parameters
    ----------
    held_out
        Examples to measure before and after the training. They are never trained on.
    init
        The folder of a span reader or of another BERT model.
    about
        A description of the examples for the report. A checkpoint is resumed only if its
        description is the same.
    progress
        Called before the first step, after each step, and while `held_out` is measured, with the
        number of completed steps, the number of all steps, and a message. An exception that it
        raises stops the training after a checkpoint.

    Raises
    ------
    ModelNotFoundError
        If `init` contains no usable model.
    ReaderTrainingError
        If there are no examples, `out` cannot be used, a checkpoint is damaged or has other
        settings, or the loss is no longer finite.
    """
    if not examples:
        raise ReaderTrainingError(
            "There is no question to learn from: no answer occurs in the documents."
        )
    check_folder(out)
    return _Training(examples, held_out, init, out, recipe, dict(about or {})).run(progress)


def check_folder(out: Path) -> None:
    """Create the folder `out`. Raises ReaderTrainingError if no reader can be written to it."""
    try:
        if (out / WEIGHTS).exists():
            raise ReaderTrainingError(
                f"{out} already contains a reader. Choose another folder with --out, or delete it."
            )
        out.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=out):
            pass
    except OSError as error:
        raise _build_write_error(out, error) from error


def _build_write_error(out: Path, error: Exception) -> ReaderTrainingError:
    reason = (error.strerror if isinstance(error, OSError) else None) or error
    return ReaderTrainingError(
        f"{out} cannot be written: {reason}. Free disk space, grant access, or choose another "
        "folder with --out."
    )


class _Training:
    """A single training with its model, optimizer and progress."""

    def __init__(
        self,
        examples: Sequence[Example],
        held_out: Sequence[Example],
        init: Path,
        out: Path,
        recipe: Recipe,
        about: dict[str, Any],
    ) -> None:
        self.examples = examples
        self.held_out = held_out
        self.init = init
        self.out = out
        self.recipe = recipe
        self.encoder = Encoder(init)
        self.steps = max(1, math.ceil(len(examples) * recipe.passes / recipe.questions))
        settings = {
            "recipe": asdict(recipe),
            "questions": len(examples),
            "held_out": len(held_out),
            **about,
        }
        self.settings: dict[str, Any] = json.loads(json.dumps(settings))  # tuples become lists
        self.step = 0
        self.is_updating = False  # whether a step is updating the weights
        self.losses: list[float] = []
        self.seconds = 0.0
        self.before: Mapping[str, float] = {}

    def run(self, progress: TrainingProgress | None) -> Mapping[str, Any]:
        import torch

        def report_progress(message: str) -> None:
            if progress is not None:
                progress(self.step, self.steps, message)

        torch.manual_seed(self.recipe.seed)
        state = self._read_checkpoint()
        folder = self.init if state is None else self.out / CHECKPOINT
        self.model = load_model(folder, require_trained=False)
        self.model.to("cuda" if torch.cuda.is_available() else "cpu").train()
        self.optimizer = torch.optim.AdamW(
            self.model.parameters(), lr=self.recipe.rate, weight_decay=WEIGHT_DECAY
        )
        if state is not None:
            self._restore(state)
        else:
            self.before = self._measure(report_progress)
        saved = time.monotonic()
        try:
            report_progress("")
            while self.step < self.steps:
                self._step()
                if time.monotonic() - saved > CHECKPOINT_SECONDS:
                    self._checkpoint()
                    saved = time.monotonic()
                recent = self.losses[-50:]
                report_progress(f"loss {sum(recent) / len(recent):.3f}" if recent else "")
            after = self._measure(report_progress)
        except BaseException:  # includes Ctrl-C: keep the training so far
            if not self.is_updating:  # never save an incomplete step; the last checkpoint remains
                self._checkpoint()
            raise
        return self._finish(after)

    def _measure(self, report_progress: Callable[[str], None]) -> Mapping[str, float]:
        return measure(
            self.model,
            self.encoder,
            self.held_out,
            report_progress=lambda: report_progress("measuring"),
        )

    def _step(self) -> None:
        import torch

        started = time.monotonic()
        rate = self.recipe.rate * schedule(self.step, self.steps)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        numbers = choose_examples(self.step, self.recipe, len(self.examples))
        batch = [self.examples[number] for number in numbers]
        loss = compute_loss(self.model, self.encoder, batch)
        if loss is not None:
            if not math.isfinite(float(loss.detach())):
                raise ReaderTrainingError(
                    f"The loss is not finite at step {self.step + 1} of {self.steps}. Delete "
                    f"{self.out} and start again with a smaller --rate."
                )
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(self.model.parameters(), CLIP)
        self.is_updating = True
        if loss is not None:
            self.optimizer.step()
            self.optimizer.zero_grad(set_to_none=True)
            self.losses.append(round(float(loss.detach()), 4))
        self.step += 1
        self.seconds += time.monotonic() - started
        self.is_updating = False

    # -- checkpoints: safetensors and JSON, which cannot contain code -------------------------

    def _read_checkpoint(self) -> Mapping[str, Any] | None:
        """Return the state of the checkpoint to resume, or None if there is no checkpoint."""
        file, old = self.out / CHECKPOINT / "state.json", self.out / OLD_CHECKPOINT
        try:
            if old.exists() and not (self.out / CHECKPOINT).exists():
                os.replace(old, self.out / CHECKPOINT)  # stopped before the next one was complete
            state = json.loads(file.read_text(encoding="utf-8"))
            settings = state["settings"]
        except FileNotFoundError:
            return None
        except (OSError, ValueError, LookupError, TypeError) as error:
            raise self._build_damage_error(file, error) from error
        if settings != self.settings:
            differences = ", ".join(_list_differences(settings, self.settings))
            raise ReaderTrainingError(
                f"{self.out} contains a training with other settings ({differences}). Give the "
                "same data and options to resume it, or choose another folder with --out."
            )
        return dict(state)

    def _build_damage_error(self, file: Path, error: Exception) -> ReaderTrainingError:
        return ReaderTrainingError(
            f"{file} cannot be read: {error}. Delete {self.out} and start again."
        )

    def _restore(self, state: Mapping[str, Any]) -> None:
        import torch
        from safetensors import SafetensorError
        from safetensors.torch import load_file

        file = self.out / CHECKPOINT / "optimizer.safetensors"
        try:
            moments = load_file(file)
        except (OSError, SafetensorError) as error:
            raise self._build_damage_error(file, error) from error
        for name, parameter in self.model.named_parameters():
            if f"{name}/mean" in moments:
                self.optimizer.state[parameter] = {
                    "step": torch.tensor(float(state["updates"])),
                    "exp_avg": moments[f"{name}/mean"].to(parameter.device),
                    "exp_avg_sq": moments[f"{name}/square"].to(parameter.device),
                }
        self.losses = list(state["losses"])
        self.seconds = float(state["seconds"])
        self.before = state["before"]
        self.step = int(state["step"])

    def _checkpoint(self) -> None:
        """Write a checkpoint. A complete one exists at any time. Raises ReaderTrainingError."""
        from safetensors import SafetensorError

        try:
            self._write_checkpoint()
        except (OSError, SafetensorError) as error:
            raise _build_write_error(self.out, error) from error

    def _write_checkpoint(self) -> None:
        from safetensors.torch import save_file

        partial = self.out / f".{CHECKPOINT}"
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        self.model.save_pretrained(partial)
        moments: dict[str, Tensor] = {}
        updates = 0
        for name, parameter in self.model.named_parameters():
            if parameter in self.optimizer.state:
                state = self.optimizer.state[parameter]
                moments[f"{name}/mean"] = state["exp_avg"].contiguous()
                moments[f"{name}/square"] = state["exp_avg_sq"].contiguous()
                updates = int(state["step"])
        save_file(moments, partial / "optimizer.safetensors")
        state = {
            "step": self.step,
            "updates": updates,
            "settings": self.settings,
            "losses": self.losses,
            "seconds": self.seconds,
            "before": self.before,
        }
        (partial / "state.json").write_text(json.dumps(state), encoding="utf-8")
        old = self.out / OLD_CHECKPOINT
        if (self.out / CHECKPOINT).exists():  # otherwise the old one is the only one
            shutil.rmtree(old, ignore_errors=True)
            os.replace(self.out / CHECKPOINT, old)
        os.replace(partial, self.out / CHECKPOINT)
        shutil.rmtree(old, ignore_errors=True)

    def _finish(self, after: Mapping[str, float]) -> Mapping[str, Any]:
        from safetensors import SafetensorError

        size = max(1, len(self.losses) // 20)
        report = {
            "init": self.init.name,
            **self.settings,
            "steps": self.steps,
            "seconds": round(self.seconds, 1),
            "loss": [
                round(sum(part) / len(part), 3)
                for part in (self.losses[i : i + size] for i in range(0, len(self.losses), size))
            ],
            "before": self.before,
            "after": after,
        }
        try:
            self._write(self.model, report)
        except (OSError, SafetensorError) as error:
            raise _build_write_error(self.out, error) from error
        return report

    def _write(self, model: Any, report: Mapping[str, Any]) -> None:
        partial = self.out / ".made"
        shutil.rmtree(partial, ignore_errors=True)
        save_model(model, partial)
        for name in COPIED:
            if (self.init / name).exists():
                shutil.copyfile(self.init / name, partial / name)
        own = self.init / calibration.FILE
        shutil.copyfile(own if own.exists() else calibration.SHIPPED, partial / calibration.FILE)
        (partial / REPORT).write_text(json_text(report, indent=1) + "\n", encoding="utf-8")
        # The weights are written readable for their owner only.
        shutil.copymode(partial / REPORT, partial / WEIGHTS)
        # The weights are moved last: a folder that contains them is complete.
        for file in sorted(partial.iterdir(), key=lambda file: file.name == WEIGHTS):
            os.replace(file, self.out / file.name)
        partial.rmdir()
        for name in (CHECKPOINT, f".{CHECKPOINT}", OLD_CHECKPOINT):
            shutil.rmtree(self.out / name, ignore_errors=True)


def _list_differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    """Yield the dotted names of the settings that differ, such as "held_out", "recipe.rate"."""
    for key in sorted({*old, *new}):
        old_value, new_value = old.get(key), new.get(key)
        if isinstance(old_value, Mapping) and isinstance(new_value, Mapping):
            yield from (f"{key}.{name}" for name in _list_differences(old_value, new_value))
        elif old_value != new_value:
            yield key


def schedule(step: int, steps: int) -> float:
    """Return the share of the greatest rate at `step`: linear up in WARM_UP, then down to 0."""
    warm = max(1, round(WARM_UP * steps))
    return (step + 1) / warm if step < warm else (steps - step) / max(1, steps - warm)


def choose_examples(step: int, recipe: Recipe, size: int) -> Iterator[int]:
    """Yield the numbers of the examples of `step`: each pass contains all, in a different order."""
    for position in range(step * recipe.questions, (step + 1) * recipe.questions):
        yield _shuffle(recipe.seed * 1_000_003 + position // size, size)[position % size]


@lru_cache(maxsize=2)  # a step may end one pass and start the next
def _shuffle(seed: int, size: int) -> Sequence[int]:
    numbers = list(range(size))
    random.Random(seed).shuffle(numbers)
    return numbers
