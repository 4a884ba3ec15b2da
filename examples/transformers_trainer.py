"""transformers.Trainer with a loss from a spec: sentences close to themselves under two dropout masks.

    pip install 'cldsl[hf]' accelerate
    python examples/transformers_trainer.py --steps 40

A tiny BERT from configuration, a few hundred sentences made here: no download. The spec's rows z[item, v, dim] are the
pooled outputs of two passes.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.data import Dataset

import cldsl

try:
    import accelerate  # type: ignore[import-untyped]  # noqa: F401  (Trainer imports it late)
    from transformers import BertConfig, BertModel, Trainer, TrainingArguments
except ModuleNotFoundError as error:
    sys.exit(f"this example needs the package {error.name}: pip install 'cldsl[hf]' accelerate")

SPEC = Path(__file__).parent.parent / "specs" / "dcl.cl"
WORDS = (
    *("the", "a", "small", "large", "old", "red", "green", "cat", "dog", "bird", "fox", "river", "stone", "tree"),
    *("sees", "hears", "follows", "finds", "loses", "house"),
)
ABSENT = 0  # id of padding; words count from 1


def sentences(count: int = 256, seed: int = 0) -> list[list[int]]:
    """Sentences as ids of WORDS, four to eight words each."""
    chance = random.Random(seed)
    return [[chance.randint(1, len(WORDS)) for _ in range(chance.randint(4, 8))] for _ in range(count)]


class Sentences(Dataset[dict[str, Tensor]]):
    """Rows {"input_ids": [token]}, padded to eight."""

    def __init__(self, rows: list[list[int]]) -> None:
        self.rows = [torch.tensor(row + [ABSENT] * (8 - len(row))) for row in rows]

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, place: int) -> dict[str, Tensor]:
        return {"input_ids": self.rows[place]}


class Encoder(nn.Module):
    """A small BERT and the mean over its tokens."""

    def __init__(self) -> None:
        super().__init__()
        config = BertConfig(
            vocab_size=len(WORDS) + 1,
            hidden_size=32,
            num_hidden_layers=2,
            num_attention_heads=2,
            intermediate_size=64,
        )
        self.bert = BertModel(config, add_pooling_layer=False)

    def forward(self, input_ids: Tensor) -> Tensor:
        """[item, token] to [item, dim]."""
        there = (input_ids != ABSENT)[..., None]
        hidden = self.bert(input_ids, attention_mask=there[..., 0].long()).last_hidden_state
        pooled: Tensor = (hidden * there).sum(1) / there.sum(1)
        return pooled


class ContrastiveTrainer(Trainer):
    """The trainer with the spec's objective for its loss."""

    def __init__(self, *args: Any, params: dict[str, Any] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.program = cldsl.compile(SPEC, set=params)

    def compute_loss(
        self,
        model: nn.Module,
        inputs: dict[str, Any],
        return_outputs: bool = False,
        num_items_in_batch: Tensor | int | None = None,
    ) -> Tensor | tuple[Tensor, Any]:
        """The objective on two passes of the same sentences; dropout makes them differ."""
        views = [model(inputs["input_ids"]) for _ in range(2)]
        z = nn.functional.normalize(torch.stack(views, 1), dim=-1)  # [item, v, dim]
        loss = self.program.loss(z=z)
        return (loss, {"z": z}) if return_outputs else loss


def train(steps: int, batch: int = 32, seed: int = 0) -> list[float]:
    """The losses that the trainer logged, ten times over the run."""
    torch.manual_seed(seed)
    with tempfile.TemporaryDirectory() as folder:
        arguments = TrainingArguments(
            output_dir=folder,
            max_steps=steps,
            per_device_train_batch_size=batch,
            learning_rate=1e-3,
            logging_steps=max(1, steps // 10),
            save_strategy="no",
            report_to="none",
            use_cpu=True,
            disable_tqdm=True,
            dataloader_drop_last=True,
            seed=seed,
        )
        trainer = ContrastiveTrainer(Encoder(), arguments, train_dataset=Sentences(sentences()), params={"tau": 0.2})
        trainer.train()
    return [line["loss"] for line in trainer.state.log_history if "loss" in line]


def main() -> None:
    """Train and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=40)
    losses = train(parser.parse_args().steps)
    print(f"loss {losses[0]:.4f} -> {losses[-1]:.4f}")


if __name__ == "__main__":
    main()
