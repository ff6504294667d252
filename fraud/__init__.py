"""Fraud detection: one feature definition for training, the stream and the batch path, and the model that reads it."""
