# Views of sequences: values along an axis, absent after the end. Chance is the caller's, uniform between 0 and 1: `at` for
# each sequence, `noise` for each entry.

# A run of a share of the entries, at least one, moved to the start.
def cropped[time](s, share, at):
    let n = max(1, floor(share * count[time](s)))
    let first = floor(at * (count[time](s) - n + 1))
    s[time = time + first] if time < n

# A share of the entries becomes absent where it stands.
def hidden[time](s, share, noise):
    let mine = noise[time -> place]
    let lower = count[time](s if noise < mine)[place -> time]
    s if lower >= floor(share * count[time](s))

# A run of a share of the entries, at least one, in another order.
def reordered[time](s, share, at, noise):
    let n = max(1, floor(share * count[time](s)))
    let first = floor(at * (count[time](s) - n + 1))
    let inside = time >= first and time < first + n
    let mine = noise[time -> place]
    let lower = count[time](s if inside and noise < mine)[place -> time]
    let goes = first + lower if inside else time
    sum[time](s if goes == place)[place -> time] if present(s)
