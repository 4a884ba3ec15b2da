"""Everything a user chooses about a run, in one typed model: command lines, docs and `fit` read it from here.

Input: values by name. Output: RunOptions, or a pydantic error for a value that does not fit.
`settings` lists what changes the result and therefore must be the same when a run is resumed.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import torch
from pydantic import BaseModel, ConfigDict, Field, model_validator

from cldsl.runtime.errors import RunError


class RunOptions(BaseModel):
    """Options of one run."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    data: dict[str, str] = Field(default={}, description="source of a stream, NAME=SOURCE or NAME=production")
    device: str = Field(default="auto", description="auto, cpu, cuda or cuda:N")
    seed: int = Field(default=0, ge=0, description="of all chance")
    out: Path | None = Field(default=None, description="run folder; nothing is written without one")
    resume: bool = Field(default=False, description="go on from the last checkpoint of the run folder")
    overwrite: bool = Field(default=False, description="replace the run of a folder that is not empty")
    epochs: int | None = Field(default=None, ge=0, description="at most so many epochs of each train block")
    steps: int | None = Field(default=None, ge=0, description="at most so many steps of each train block")
    batch: int | None = Field(default=None, ge=1, description="rows of a batch, in place of the spec's")
    memory: int | None = Field(
        default=None, ge=1, exclude=True, description="bytes of a step that the program was compiled for"
    )
    compile: Literal["auto", "on", "off"] = Field(default="auto", description="torch.compile; auto: on a GPU")
    precision: Literal["fp32", "bf16", "fp16"] = Field(default="fp32", description="of the models' calls")
    log_every: int = Field(default=10, ge=1, description="steps between lines of metrics.jsonl")
    save_every: int | None = Field(
        default=None, ge=1, description="steps between checkpoints; else ends of epochs, at most two a minute"
    )
    tensorboard: bool = Field(default=False, description="also write TensorBoard files (extra: tensorboard)")
    allow_python: bool = Field(default=False, description='build models of one\'s own Python: python("pkg.mod:Class")')
    quiet: bool = Field(default=False, description="no progress lines")

    @model_validator(mode="after")
    def _resumed_from_somewhere(self) -> RunOptions:
        if self.resume and self.out is None:
            raise ValueError("resume needs the run folder, out")
        if self.resume and self.overwrite:
            raise ValueError("resume and overwrite exclude each other")
        return self

    def settings(self) -> dict[str, Any]:
        """The options that change the numbers of a run; a bound of memory does, since sums in another order round."""
        found = self.model_dump(mode="json", include={"data", "seed", "epochs", "steps", "batch", "precision"})
        return found if self.memory is None else {**found, "memory": self.memory}

    def torch_device(self) -> torch.device:
        """The device meant. Raises RunError for one that is unknown or absent."""
        if self.device == "auto":
            return torch.device("cuda" if torch.cuda.is_available() else "cpu")
        try:
            device = torch.device(self.device)
        except RuntimeError as error:
            raise RunError(f"there is no device {self.device}", "write auto, cpu, cuda or cuda:N") from error
        if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
            raise RunError(f"{self.device} is not available here", "--device cpu")
        return device

    def compiles(self, device: torch.device) -> bool:
        """Whether objectives go through torch.compile; on a CPU it costs tens of seconds before the first step."""
        return self.compile == "on" or (self.compile == "auto" and device.type == "cuda")
