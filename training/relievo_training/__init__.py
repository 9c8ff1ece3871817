"""Training of Relievo's networks: data, model, losses, training, evaluation, export to TF.js."""
