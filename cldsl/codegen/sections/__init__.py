"""The parts of an emitted program, one file each: what is built, what is drawn, a training step, an evaluation."""
