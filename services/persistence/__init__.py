"""What people keep on several devices: sync, the take-over of a guest's rows, and how both fare."""
