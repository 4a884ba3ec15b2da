spec s "A sample"

train on photos:
    minimize e over C by opt when step >= 313
