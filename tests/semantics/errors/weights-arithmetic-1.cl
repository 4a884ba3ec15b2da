spec virtual "Weights squared"

data films: seq[item, time] -> vocab, next[item] -> vocab from "movielens-100k"
model f(dim -> width) = linear(4)
learn E[vocab, dim = 8] ~ normal(0, 1)
let h = f * f

train on films(batch = 16, epochs = 1):
    minimize mean(h(E[vocab = next])) by adam(lr = 1e-3)
