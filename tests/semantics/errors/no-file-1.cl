spec no_file "No parent" from "absent.cl"
