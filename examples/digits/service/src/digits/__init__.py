# Written once by edgegen 0.1.0 and yours from then on: `edgegen update` never touches it.
"""The application around the model digits."""
