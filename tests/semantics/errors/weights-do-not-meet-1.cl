spec virtual "Weights of two kinds"

data films: seq[item, time] -> vocab, next[item] -> vocab from "movielens-100k"
model f(dim -> width) = linear(4)
model g(dim -> width) = linear(5)
learn E[vocab, dim = 8] ~ normal(0, 1)
let h = f + 0.1 * g

train on films(batch = 16, epochs = 1):
    minimize mean(h(E[vocab = next])) by adam(lr = 1e-3)
