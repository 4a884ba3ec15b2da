spec s "A sample"

model f = resnet(18, stem = 'small')
