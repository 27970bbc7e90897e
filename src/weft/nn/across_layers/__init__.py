"""What joins the results of several layers."""

from .jumping_knowledge import JumpingKnowledge as JumpingKnowledge
