spec coconut "Continual contrastive spoken language understanding" "arXiv:2310.02699"

use std.losses (decoupled, symmetric)

param tau: real > 0 = 0.1
param weight_mm: real = 0.1
param weight_nspt: real = 0.1
param share: real = 0.01  # rehearsal memory, as a share of the training set

data speech: wave[item, time*], words[
    item, token*
], intent[item] -> label, task[item] -> phase from "spoken-digits", "fluent-speech-commands"

model hear(time -> frame*, hidden) = speech_encoder("distilhubert")
model write(token, frame, hidden -> token, vocab) = transformer_decoder(6)
model ga(hidden -> dim), gt(hidden -> dim) = linear(bias = false)
model before = frozen(copy(hear, ga))  # the teacher: the model at the end of the previous task

state memory = {}               # a set of rows of the data set
let rehearsal = item in memory  # NEW: membership
let sound = hear(wave), said = write.embed(words)
let h = unit(ga(mean[frame](sound)))  # means over valid frames and tokens: the axes are ragged
let r = unit(gt(mean[token](said)))
let g = stop(unit(before.ga(mean[frame](before.hear(wave)))))

contrast nspt:  # NEW: comprehension lines. CLUMSY otherwise: negatives from the student, positives from the teacher
    anchor   a in h if a.rehearsal
    positive c in g if c.rehearsal and c.intent == a.intent  # the own teacher copy is a positive
    negative c in h if c != a                                # NEW: row equality. All items, old and new, but the own student row
    logit    dot(a, c) / tau

contrast mm:
    anchor   a in h if not a.rehearsal
    positive c in r if not c.rehearsal and c.item == a.item
    negative c in r if not c.rehearsal and c.item != a.item
    logit    dot(a, c) / tau

let nll = -log_softmax[vocab](write(words, sound))[vocab = words[token = token + 1]]
# NEW: else
let loss = mean[item, token](nll) + weight_mm * (symmetric(mm) else 0) + weight_nspt * (mean(decoupled(nspt)) else 0)  # first task: no rehearsal, 0

def herd(x, q):  # iCaRL: q rows of x[item, hidden], in order of choice
    let d = x / (norm[hidden](x) + 1e-8), mu = mean[item](d)
    state w = mu, kept = {}
    loop i in 1000 if size(kept) < q:                              # NEW: a loop's `if` ends it
        let best = argmax[i in item](dot[hidden](w, d[item = i]))  # may fall on a row already kept
        w <- w + mu - d[item = best]
        kept <- kept | best
    kept

let quota = floor(share * count(speech) / size(label))

loop now in phase:  # NEW: a loop may hold train, on, <- : a program
    train on ({i in speech if i.task == now} | memory)(batch = 32, epochs = 40):
        minimize loss by adamw(lr = 5e-4)
    on {i in speech if i.task == now}:
        let x = mean[frame](hear(wave))
        memory <- memory | {k in label, i in herd(x[item in {j in item if j.intent == k}], quota)}
    before <- (hear, ga)  # NEW: order is the clock: the snapshot is taken here
    on {i in speech(split = "test") if i.task <= now}:
        report accuracy = mean[item](greedy(write, sound)[token = first] == intent)

report average = mean[phase](accuracy)  # a report inside a loop has the axis of the loop
report final = accuracy[phase = last]

variant ntpt:  # the ablation: negatives from the teacher as well
    contrast nspt from this:
        negative c in g if c.item != a.item
variant literal:  # the equation read literally: the own student row stays in the denominator
    contrast nspt from this:
        negative c in h
variant rehearsal_only:
    param weight_mm = 0, weight_nspt = 0
variant shrinking:  # a quota of what has been seen so far
    let quota = floor(share * count(speech) / count[k in label if any[i in item](i.intent == k)])

claim final: rehearsal_only < this
claim average: ntpt <= this
