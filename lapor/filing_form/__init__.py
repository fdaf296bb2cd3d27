"""What every form that files shares: the residents' own and the operator's."""
