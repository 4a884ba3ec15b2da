"""tiny: Episodes https://arxiv.org/abs/1703.05175
Compiled by cldsl 0.1.0 from ep.cl (-O2).
Axes: item = 50, channel = 1, row = 8, column = 8.
"""

import torch

from cldsl import runtime as rt


class Program(rt.Program):
    """Episodes"""

    spec = "tiny"
    title = "Episodes"
    link = "https://arxiv.org/abs/1703.05175"
    fixed_batch = True
    streams = {"digits": rt.Stream(default="digits-8x8", columns={"image": "image", "label": "label"})}
    phases = (
        rt.Train(
            "train_1",
            "digits",
            options={"steps": 40, "batch": 50},
            line="ep.cl:13",
            sampler=rt.Sampler("episodes", "label", options={"way": 5, "shot": 5, "ask": 5}),
        ),
        rt.Evaluate("on_1", "digits", options={"split": "test"}, line="ep.cl:16"),
    )

    def build(self):
        """Modules, tensors, views and optimisers; torch's generator is seeded before."""
        self.f = rt.module("conv", [(16, 32)], {}, consumes=(1, 8, 8), produces=1)  # ep.cl:6
        self.optimiser("by_1", "adam", [self.f], betas=(0.9, 0.999), eps=1e-08, decay=0.0)  # ep.cl:14

    def objective_1(self, image, support, local):
        """loss (ep.cl:14)"""
        device = image.device
        e = rt.apply(self.f, image, consumed=3)  # [item, dim]  ep.cl:7
        way_index = torch.arange(5, device=device)  # [way]
        mask = support[:, None] & (local[:, None] == way_index)  # [item, way]
        proto = rt.total(e[:, :, None], 0, mask[:, None]) / mask.long().sum(0).clamp(min=1)  # [dim, way]
        # [item, way]
        value = (e * e).sum(-1)[:, None] + (proto * proto).sum(0) - 2.0 * torch.einsum("i d, d w -> i w", e, proto)
        score = -value.clamp(min=0.0)  # [item, way]  ep.cl:11
        score_at = rt.take(score, local, shared=1)  # [item]
        mask_2 = ~support  # [item]  ep.cl:9
        loss = rt.total(rt.logsumexp(score, -1) - score_at, -1, mask_2) / mask_2.long().sum().clamp(min=1)  # a number
        return loss

    def train_1(self, batch, clock):
        """One iteration on digits (ep.cl:13); what is logged, by name."""
        loss = self.run(self.objective_1)(batch["image"], batch["support"], batch["local"])  # ep.cl:14
        self.minimize("by_1", loss, rate=0.001)  # ep.cl:14
        return {"loss": loss.detach()}

    @torch.no_grad()
    def on_1_values(self, image, label):
        """knn_0, knn_1 (ep.cl:16)"""
        e = rt.chunked(self.f, image, consumed=3)  # [item, dim]  ep.cl:7
        return e, label

    def on_1(self, data, clock):
        """Reports on digits (ep.cl:16), by name."""
        test = data("test")
        train = data("train")
        knn_0, knn_1 = self.on_1_values(test["image"], test["label"])  # ep.cl:16
        knn_0_train, knn_1_train = self.on_1_values(train["image"], train["label"])  # ep.cl:16
        return {"knn": rt.metric("knn", train=(knn_0_train, knn_1_train), test=(knn_0, knn_1), k=5, balanced=False)}


if __name__ == "__main__":
    rt.main(Program)
