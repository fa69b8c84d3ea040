"""An AWS that lives in one process: moto, made to behave like AWS where recovery depends on it."""
