"""From a validated operation to its answer: by a plan, or by the interpreter."""
