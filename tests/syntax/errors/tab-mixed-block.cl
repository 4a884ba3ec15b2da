spec s "A sample"

train on photos:
    let y = 2
	let z = 3
