spec tiny "A tiny method" "https://example.org/paper"

use std.losses (infonce)

param tau: real > 0 = 0.1
data spectra: spectrum[item, channel], fat[item] from "tecator"
view x[v = 2] ~ crop(spectrum, 28)
model f(channel -> width) = mlp([8])
model g(width -> dim) = linear(4)
let z = unit(g(f(x)))

contrast pull:
    anchor      a in z
    positive    c in z if c.item == a.item and c.v != a.v
    negative    c in z if c.item != a.item
    similarity  dot(a, c)
    temperature tau

train on spectra(batch = 64, epochs = 1):
    minimize mean(infonce(pull)) by sgd(lr = 0.1)

on spectra(split = "test"):
    report mae = regress(f(spectrum), fat)
