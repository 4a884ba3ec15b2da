# Rates over the clock of a train block: step counts from 0, steps_per_epoch and steps are its lengths.

# Linear warm-up, then half a cosine down to `low`.
def cosine(peak, low = 0, warm_epochs = 0, start = 0) = (
    start + (peak - start) * step / max(1, warm_epochs * steps_per_epoch) if step < warm_epochs * steps_per_epoch
    else low
    + (peak - low)
    * (
        1
        + cos_angle(
            3.141592653589793 * (step - warm_epochs * steps_per_epoch) / max(1, steps - warm_epochs * steps_per_epoch)
        )
    )
    / 2
)

# A constant that falls by `factor` at two epochs.
def two_steps(
    peak, first, second, factor = 0.1
) = peak * (factor if epoch >= first else 1) * (factor if epoch >= second else 1)

def one_step(peak, first, factor = 0.1) = peak * (factor if epoch >= first else 1)

# The share that a slow copy keeps: `low` at first, 1 at the end of `all` steps (half a cosine).
def rising(low, now, all) = 1 - (1 - low) * (1 + cos_angle(3.141592653589793 * now / all)) / 2
