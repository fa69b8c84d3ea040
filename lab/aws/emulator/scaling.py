"""
Auto Scaling groups: bounds, and activities that tell what failed.
docs.aws.amazon.com/autoscaling/ec2/APIReference/API_UpdateAutoScalingGroup.html
docs.aws.amazon.com/autoscaling/ec2/APIReference/API_DescribeScalingActivities.html
"""

import time
import uuid

from moto.autoscaling.exceptions import AutoscalingClientError, ValidationError
from moto.autoscaling.models import AutoScalingBackend, FakeAutoScalingGroup, InstanceState
from moto.autoscaling.responses import AutoScalingResponse
from moto.core.exceptions import ServiceException
from moto.core.responses import ActionResult
from moto.core.utils import utcnow

from .patch import answers, around


def number(value):
    return None if value is None else int(value)


def check(low, high, desired):
    if low is not None and high is not None and low > high:
        raise ValidationError("Max bound, must be greater than or equal to min bound")
    if desired is not None and high is not None and desired > high:
        raise ValidationError(f"Desired capacity:{desired} must be between the specified min size:{low} and max size:{high}")
    if desired is not None and low is not None and desired < low:
        raise ValidationError(f"Desired capacity:{desired} must be between the specified min size:{low} and max size:{high}")


@around(AutoScalingBackend, "create_auto_scaling_group")
def create_auto_scaling_group(plain, backend, **kwargs):
    if kwargs["name"] in backend.autoscaling_groups:
        raise AutoscalingClientError("AlreadyExists", f"AutoScalingGroup by this name already exists - {kwargs['name']}")
    check(number(kwargs.get("min_size")), number(kwargs.get("max_size")), number(kwargs.get("desired_capacity")))
    return plain(backend, **kwargs)


@around(AutoScalingBackend, "update_auto_scaling_group")
def update_auto_scaling_group(plain, backend, name, **kwargs):
    group = backend.autoscaling_groups.get(name)
    if group:
        low = number(kwargs.get("min_size")) if kwargs.get("min_size") is not None else group.min_size
        high = number(kwargs.get("max_size")) if kwargs.get("max_size") is not None else group.max_size
        check(low, high, number(kwargs.get("desired_capacity")))
    return plain(backend, name=name, **kwargs)


@around(AutoScalingBackend, "set_desired_capacity")
def set_desired_capacity(plain, backend, group_name, desired_capacity):
    group = backend.autoscaling_groups.get(group_name)
    if group is None:
        raise ValidationError("AutoScalingGroup name not found - null")
    if not deleting(group):
        check(group.min_size, group.max_size, number(desired_capacity))
    return plain(backend, group_name, desired_capacity)


def deleting(group):
    return group.__dict__.get("deleting", False)


@around(AutoScalingBackend, "delete_auto_scaling_group")
def delete_auto_scaling_group(plain, backend, group_name):
    group = backend.autoscaling_groups.get(group_name)
    if group:
        # moto scales it to nothing first.
        group.deleting = True
    return plain(backend, group_name)


@around(FakeAutoScalingGroup, "replace_autoscaling_group_instances")
def replace_instances(plain, group, count_needed, propagated_tags):
    """One at a time: what fails is an activity of the group, and the call is answered all the same."""
    if any(one["ProcessName"] == "Launch" for one in group.suspended_processes):
        return
    for _ in range(count_needed):
        before = {state.instance.id for state in group.instance_states}
        try:
            plain(group, 1, propagated_tags)
        except ServiceException as error:
            note(group, "Launching a new EC2 instance.", "Failed", f"{error.message} Launching EC2 instance failed.")
            return
        for state in group.instance_states:
            if state.instance.id not in before:
                note(group, f"Launching a new EC2 instance: {state.instance.id}", "Successful")


@around(AutoScalingBackend, "describe_auto_scaling_groups")
def describe_auto_scaling_groups(plain, backend, *args, **kwargs):
    """What is missing is tried again, now and then."""
    found = plain(backend, *args, **kwargs)
    for group in found:
        if len(group.active_instances()) < (group.desired_capacity or 0) and time.monotonic() > group.__dict__.get("again", 0):
            group.again = time.monotonic() + AGAIN
            group.set_desired_capacity(group.desired_capacity)
    return found


AGAIN = 0.5
"""Seconds."""


def note(group, description, status, message=None):
    now = utcnow()
    activity = {
        "ActivityId": str(uuid.uuid4()),
        "AutoScalingGroupName": group.name,
        "Description": description,
        "Cause": f"At {now:%Y-%m-%dT%H:%M:%SZ} the desired capacity was {group.desired_capacity}.",
        "StartTime": now,
        "EndTime": now,
        "StatusCode": status,
        "Progress": 100,
    }
    group.__dict__.setdefault("activities", []).insert(0, {**activity, **({"StatusMessage": message} if message else {})})


@answers(AutoScalingResponse, "describe_scaling_activities")
def describe_scaling_activities(self):
    name = self._get_param("AutoScalingGroupName")
    groups = self.autoscaling_backend.autoscaling_groups
    if name and name not in groups:
        raise ValidationError("AutoScalingGroup name not found - null")
    found = [one for group in ([groups[name]] if name else groups.values()) for one in group.__dict__.get("activities", [])]
    return ActionResult({"Activities": found})


def lifecycle(state):
    """An instance is in service once it runs."""
    said = state.__dict__.get("_said", "InService")
    return "Pending" if said == "InService" and state.instance.state == "pending" else said


FakeAutoScalingGroup.active_instances = lambda group: [
    state for state in group.instance_states if state.lifecycle_state in ("InService", "Pending")
]
InstanceState.lifecycle_state = property(lifecycle, lambda state, value: state.__dict__.__setitem__("_said", value))
