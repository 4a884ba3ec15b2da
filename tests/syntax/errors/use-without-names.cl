spec s "A sample"

use std.losses
