"""small: A queue of keys https://example.org/queue
Compiled by cldsl 0.1.0 from small.cl (-O2); tau = 0.1, keep = 0.9.
Axes: item = 4, width = 6, slot = 10, dim = 3, word = 5.
"""

import torch

from cldsl import runtime as rt


class Program(rt.Program):
    """A queue of keys"""

    spec = "small"
    title = "A queue of keys"
    link = "https://example.org/queue"
    fixed_batch = True
    streams = {"photos": rt.Stream(default="tiny", columns={"x": "x", "label": "label"})}
    phases = (
        rt.Train("train_1", "photos", options={"batch": 4, "epochs": 2}, line="small.cl:17"),
        rt.Evaluate("on_1", "photos", options={"split": "test"}, line="small.cl:23"),
    )
    names = {"t.f": "t_f"}

    def build(self):
        """Modules, tensors, views and optimisers; torch's generator is seeded before."""
        self.f = rt.module("mlp", [(8, 3)], {}, consumes=(6,), produces=1)  # small.cl:5
        self.t_f = rt.copy_of(self.f)  # small.cl:6
        self.C = rt.learn(rt.start(self.seed, "C", "normal", (0, 1), (5, 3)))  # [word, dim]  small.cl:7
        # [slot, dim]  small.cl:8
        rt.state(self, "Q", torch.full((10, 3), 0.0), present=torch.zeros((10,), dtype=torch.bool))
        rt.state(self, "slot_pointer", torch.zeros((), dtype=torch.long))
        self.optimiser("by_1", "sgd", [self.f, (self.C, 0.5)], momentum=0.9)  # small.cl:19

    def draws_train_1(self, batch, clock):
        """The chance of a step, by name."""
        item = batch["x"].shape[0]
        # [item, width]  small.cl:9
        noise = rt.draw("normal", (0, 0.1), (item, 6), rt.generator(self.seed, "noise", clock.step), self.device)
        return {"noise": noise}

    def objective_1(self, x, noise, progress):
        """loss, k (small.cl:17)"""
        q = rt.unit(rt.apply(self.f, x + noise, consumed=1))  # [item, dim]  small.cl:12
        k = rt.unit(rt.apply(self.t_f, x, consumed=1)).detach()  # [item, dim]  small.cl:13
        own = (q * k).sum(-1)  # [item]  small.cl:14
        value = rt.logaddexp(own, rt.logsumexp(q @ self.Q.t(), -1, self.Q_present))  # [item]
        value_2 = rt.logaddexp(value, rt.logsumexp(q @ self.C.t(), -1)) - own  # [item]
        loss = (value_2 * (progress + 1)).mean()  # a number  small.cl:17
        return loss, k

    @torch.no_grad()
    def push_1(self, k):
        """Q_new, Q_seen (small.cl:20)"""
        item = k.shape[0]
        device = self.Q.device
        Q_new = rt.push(self.Q, k, self.slot_pointer, 0)  # [slot, dim]  small.cl:20
        Q_seen = rt.push(self.Q_present, rt.table(True, device).expand(item), self.slot_pointer, 0)  # [slot]
        return Q_new, Q_seen

    def train_1(self, batch, clock):
        """One iteration on photos (small.cl:17); what is logged, by name."""
        draws = self.draws_train_1(batch, clock)
        now = clock.as_tensors(self.device)
        rt.ema_(self.t_f, self.f, 0.9)  # small.cl:18
        loss, k = self.run(self.objective_1)(batch["x"], draws["noise"], now["progress"])  # small.cl:19
        self.minimize(
            "by_1",
            loss,
            rate=0.05 * (1 + rt.cos(torch.pi * clock.step / max(clock.steps, 1))),
            skip=[] if clock.step >= 1 else [self.C],
        )  # small.cl:19
        Q_new, Q_seen = self.run(self.push_1)(k)  # small.cl:20
        self.assign("Q", Q_new, present=Q_seen)  # small.cl:20
        self.assign("slot_pointer", (self.slot_pointer + 4) % 10)  # small.cl:20
        return {"loss": loss.detach()}

    @torch.no_grad()
    def values_1(self, x, label):
        """features, label (small.cl:24)"""
        features = rt.chunked(self.f, x, consumed=1)  # [item, dim]  small.cl:24
        return features, label

    def on_1(self, data, clock):
        """Reports on photos (small.cl:23), by name."""
        test = data("test")
        train = data("train")
        features, label = self.values_1(test["x"], test["label"])  # small.cl:24
        features_train, label_train = self.values_1(train["x"], train["label"])  # small.cl:24
        return {"knn": rt.metric("knn", train=(features_train, label_train), test=(features, label), k=3)}


if __name__ == "__main__":
    rt.main(Program)
