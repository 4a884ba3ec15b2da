"""A view pipeline: draw the parameters of all stages for all items, then run the stages in few passes.

Input: stages [(name, arguments)] innermost first, a batch, a generator. Output: the views, and on request the geometry
used. The generator gives first one block of uniform numbers [item, column], columns in the order of the stages, then
for each stage that needs one number an entry (noise, mask), in order, a block of the shape that enters it. Every
number is drawn whatever the others are. On a CPU the batch is worked through in chunks that stay in its cache; the
result does not depend on them. It keeps no state and follows no gradient.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from cldsl.catalogue import CatalogueError
from cldsl.views.catalog import IMAGE, bind_stage, stage_entry
from cldsl.views.colour import ColourMap, ColourStage, turn_hue
from cldsl.views.geometry import Flip, GeometryStage, composed, matrix_box
from cldsl.views.plan import Step, plan
from cldsl.views.resample import resample
from cldsl.views.stage import EntryStage, Parameters, Stage, where_chosen

#: Entries (items x channel x y x x, in or out) of a chunk on a CPU for each thread, 0.8 MB of float32.
CHUNK = 200_000

Draws = list[dict[str, Tensor]]


class Pipeline:
    """Stages of one view, ready to run. Raises CatalogueError for an unknown stage or an argument that does not fit."""

    def __init__(self, stages: Sequence[tuple[str, Mapping[str, Any]]]) -> None:
        self.stages: list[Stage] = []
        self.image = False
        for name, named in stages:
            entry = stage_entry(name)
            bound = bind_stage(entry, (), named)
            missing = [key for key, value in bound.items() if value is None]
            if missing:
                raise CatalogueError(f"{name}: {missing[0]} is not known", f"give {missing[0]} a constant")
            self.stages.append(entry.load()(**bound))
            self.image = self.image or entry.over == IMAGE
        self.steps: tuple[Step, ...] = plan(self.stages)

    def out_shape(self, shape: Sequence[int]) -> tuple[int, ...]:
        """The shape after all stages of a batch of this shape, [item, channel, y, x] or [item, ...]."""
        sizes = self._sizes(shape)
        return (*shape[:-2], *sizes[-1]) if self.image else tuple(shape)

    def draw(self, shape: Sequence[int], generator: torch.Generator) -> Draws:
        """Parameters of each stage for a batch of this shape, on the generator's device. See the module for the order.

        Each is a tensor whose first axis is item, so that a part of the batch takes its rows.
        """
        device, n = generator.device, shape[0]
        sizes = self._sizes(shape)
        total = sum(stage.columns for stage in self.stages)
        uniform = torch.rand(n, total, generator=generator, device=device)
        drawn: Draws = []
        start = 0
        for stage, size in zip(self.stages, sizes, strict=False):
            drawn.append(stage.parameters(uniform[:, start : start + stage.columns], size))
            start += stage.columns
        for stage, size, parameters in zip(self.stages, sizes, drawn, strict=False):
            if stage.fill:
                full = (*shape[:-2], *size) if self.image else tuple(shape)
                fill = torch.randn if stage.fill == "normal" else torch.rand
                parameters["fill"] = fill(full, generator=generator, device=device)
        return drawn

    @torch.no_grad()
    def apply(self, x: Tensor, drawn: Draws, out: Tensor | None = None) -> Tensor:
        """The views of x[item, channel, y, x] (or [item, y, x], or [item, ...] without image stages) under these draws.

        x is left as it is. out, of shape out_shape(x.shape), receives the views if given.
        """
        self._check(x)
        drawn = [{key: value.to(x.device) for key, value in parameters.items()} for parameters in drawn]
        shape = self.out_shape(x.shape)
        out = x.new_empty(shape) if out is None else out
        chunk = self._chunk(x, shape)
        for a in range(0, len(x), chunk):
            part = [{key: value[a : a + chunk] for key, value in parameters.items()} for parameters in drawn]
            out[a : a + chunk] = self._run(x[a : a + chunk], part)
        return out

    def __call__(self, x: Tensor, generator: torch.Generator) -> Tensor:
        """One view of each item of x, values in [0, 1] where x is an image."""
        return self.apply(x, self.draw(x.shape, generator))

    def with_box(self, x: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """The views and box[item, 5] = y0, x0, height, width as shares of the source image, flipped (0 or 1)."""
        drawn = self.draw(x.shape, generator)
        return self.apply(x, drawn), self.box(x, drawn)

    def box(self, x: Tensor, drawn: Draws) -> Tensor:
        """box[item, 5] of these draws on x; height and width pass beyond the image where a shift or center does.

        Raises CatalogueError where a stage turns or slants the image.
        """
        sizes = self._sizes(x.shape)
        matrices = []
        for stage, parameters, size in zip(self.stages, drawn, sizes, strict=False):
            if not isinstance(stage, GeometryStage):
                continue
            if not stage.keeps_axes:
                raise CatalogueError("a turned or slanted view has no box", "leave rotate and shear out of this view")
            matrices.append(stage.matrix(parameters, size).to(x.device, x.dtype))
        if not matrices:
            return x.new_tensor((0.0, 0.0, 1.0, 1.0, 0.0)).repeat(len(x), 1)
        return matrix_box(composed(matrices))

    def _sizes(self, shape: Sequence[int]) -> list[tuple[int, int]]:
        """(y, x) before each stage and after the last; (0, 0) throughout where no stage needs an image."""
        if not self.image:
            return [(0, 0)] * (len(self.stages) + 1)
        if len(shape) not in (3, 4):
            raise CatalogueError(
                f"this view reads images [item, channel, y, x], not a batch with {len(shape)} axes",
                "use stages for any axes: noise, scale, mask, normalize",
            )
        sizes = [(int(shape[-2]), int(shape[-1]))]
        for stage in self.stages:
            sizes.append(stage.out_size(sizes[-1]) if isinstance(stage, GeometryStage) else sizes[-1])
        return sizes

    @staticmethod
    def _check(x: Tensor) -> None:
        if not x.is_floating_point():
            raise CatalogueError(
                f"a view reads numbers with a fraction in [0, 1], not {x.dtype}", "divide by 255 first"
            )

    @staticmethod
    def _chunk(x: Tensor, shape: Sequence[int]) -> int:
        """Items of one chunk."""
        if x.device.type != "cpu" or len(x) == 0:
            return max(1, len(x))
        largest = max(x[0].numel(), torch.Size(shape[1:]).numel(), 1)
        return max(1, CHUNK * torch.get_num_threads() // largest)

    def _run(self, x: Tensor, drawn: Draws) -> Tensor:
        flat = self.image and x.dim() == 3
        source, x = x, x.unsqueeze(1) if flat else x
        for step in self.steps:
            if step.kind == "geometry":
                x = self._geometry(x, step, drawn)
                continue
            if x.data_ptr() == source.data_ptr():
                x = x.clone()  # stages write into what they are given
            if step.kind == "colour":
                x = self._colour(x, step, drawn)
            else:
                stage = self.stages[step.stages[0]]
                assert isinstance(stage, EntryStage)
                x = stage.apply(x, drawn[step.stages[0]])
        return x.squeeze(1) if flat else x

    def _geometry(self, x: Tensor, step: Step, drawn: Draws) -> Tensor:
        run = [stage for i in step.stages if isinstance(stage := self.stages[i], GeometryStage)]
        if all(isinstance(stage, Flip) for stage in run):
            flips = torch.stack([drawn[i]["chosen"] for i in step.stages]).sum(0) % 2 == 1
            return where_chosen(x.clone(), flips, lambda rows, _: rows.flip(-1))
        size = (x.shape[-2], x.shape[-1])
        matrices = []
        for i, stage in zip(step.stages, run, strict=True):
            matrices.append(stage.matrix(drawn[i], size))
            size = stage.out_size(size)
        return resample(
            x,
            composed(matrices),
            size,
            keeps_axes=all(stage.keeps_axes for stage in run),
            antialias=any(stage.antialias for stage in run),
            bicubic=any(stage.bicubic for stage in run),
        )

    def _colour(self, x: Tensor, step: Step, drawn: Draws) -> Tensor:
        stages = [stage for i in step.stages if isinstance(stage := self.stages[i], ColourStage)]
        contrasts = [stage.contrasts for stage in stages]
        run = ColourMap.start(x, any(contrasts))
        for at, (i, stage) in enumerate(zip(step.stages, stages, strict=True)):
            parameters = _as(x, drawn[i])
            run = stage.add_to(run, parameters, x.shape[1])
            if stage.turns(x.shape[1]):
                x = _turned(run.apply(x), parameters)
                run = ColourMap.start(x, any(contrasts[at + 1 :]))
        return run.apply(x)


def _turned(x: Tensor, parameters: Parameters) -> Tensor:
    """The hue of the chosen items turned."""
    return where_chosen(x, parameters["chosen"], lambda rows, index: turn_hue(rows, parameters["turn"][index]))


def _as(x: Tensor, parameters: Parameters) -> dict[str, Tensor]:
    """The numbers among parameters in x's type."""
    return {key: value.to(x.dtype) if value.is_floating_point() else value for key, value in parameters.items()}


def sample(pipelines: Sequence[Pipeline], x: Tensor, generators: Sequence[torch.Generator]) -> Tensor:
    """views[v, item, ...], one pipeline and generator for each v.

    Raises CatalogueError where their shapes differ: see sample_uneven.
    """
    shapes = [pipeline.out_shape(x.shape) for pipeline in pipelines]
    if len(set(shapes)) != 1:
        raise CatalogueError(
            f"views of different shapes {sorted(set(shapes))} are no one tensor", "use one size for all"
        )
    out = x.new_empty((len(pipelines), *shapes[0]))
    for view, pipeline, generator in zip(out, pipelines, generators, strict=True):
        pipeline.apply(x, pipeline.draw(x.shape, generator), view)
    return out


def sample_uneven(pipelines: Sequence[Pipeline], x: Tensor, generators: Sequence[torch.Generator]) -> list[Tensor]:
    """The views of each pipeline, [item, ...] each, whose shapes may differ."""
    return [pipeline(x, generator) for pipeline, generator in zip(pipelines, generators, strict=True)]
