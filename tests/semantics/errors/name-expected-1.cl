spec virtual "A gradient for no name"

data films: seq[item, time] -> vocab, next[item] -> vocab from "movielens-100k"
model f(dim -> width) = linear(4)
learn E[vocab, dim = 8] ~ normal(0, 1)
let slope = grad(mean(f(E[vocab = next])), E[vocab = next])

train on films(batch = 16, epochs = 1):
    minimize mean(slope) by adam(lr = 1e-3)
