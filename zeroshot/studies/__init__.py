"""Many runs compared: ablation, few-shot, leave-one-out."""
