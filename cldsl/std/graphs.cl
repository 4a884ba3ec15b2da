# Graphs as dense links A[item, node]: `node` is the axis of the items under another name, x[item -> node].

def elu(x) = x if x > 0 else exp(x) - 1

# Whether an entry is among the k largest along an axis; of equals those at the lowest places.
def among[axis](e, k):
    let bar = -sort[axis](-e)[rank = k - 1]
    let left = k - count[axis if e > bar](e)
    e > bar or (e == bar and cumsum[axis](e == bar) <= left)

# How alike two items are along a path, from its counts; an item that no path leaves is like none.
def pathsim[item, node](A):
    let own = sum[node if node == item](A)
    let both = own + own[item -> node]
    2 * A / both if both > 0 else 0

# Links scaled by the roots of the row sums, and turned: [item, node] -> [item, node].
def scaled[item, node](A):
    let degree = sum[node](A)
    let product = degree * degree[item -> node]
    let turned = A[item -> node, node -> item]
    turned / sqrt(product) if product > 0 else 0

# The mean of x over what an item is linked to; zero where it is to nothing.
def context[node](A, x) = dot[node](A, x) / max(1, sum[node](A))

# Layer normalisation over all entries of these axes at once, without scales.
def standard[item, dim](x, guard = 1e-5):
    (x - mean[item, dim](x)) / sqrt(var[item, dim](x) + guard)
