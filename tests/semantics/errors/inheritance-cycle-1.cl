spec inheritance_cycle "A circle" from "inheritance-cycle-1.cl"
