"""The typed graph: general operators over named axes, hash-consed; its printer, reader and well-formedness check."""
