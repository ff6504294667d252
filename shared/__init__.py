"""What the functions, the batch job and the tools share: the transaction model and its adapters."""
