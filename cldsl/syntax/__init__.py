"""Text to tree: spans, diagnostics, the tree's node classes, the parser and the formatter. Imports lark and nothing else."""
