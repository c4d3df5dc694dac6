"""Training: state, step and loop.

Only ``parallel`` uses several devices, by ``jax.pmap``.

loop              the training loop
task              what is trained: synthesis, bank, model, loss
step              one training step of one device
parallel          the step on many devices
update            the compiled update and the first state of a config
optimizer         AdamW and its learning-rate schedule
state             the training state
resume            state <-> checkpoint
warm_start        a new state with the parameters of another run
metrics           metrics of the updates
writers           metrics and pictures -> files
reports           a trace of some updates, and Weights & Biases
samples           sample sheets
run_folder        lock, checkpoints and config of a run's folder
preemption        SIGTERM makes a run save and exit
replay            an update of a run, repeated
nonfinite_report  which example made an update non-finite
"""
