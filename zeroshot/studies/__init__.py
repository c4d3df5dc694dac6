"""Many runs compared: ablation, few-shot, leave-one-out.

ablation             rows of variants, each trained and evaluated
few_shot             accuracy against the number of labelled pairs
few_shot_table       its table and the points of its curve
leave_one_out        each group by weights that never saw it
leave_one_out_table  its table
runs                 trainings on labelled pairs with their evaluations
command              flags that the commands of such runs share
summary              metrics of several runs: mean, deviation, range
"""
