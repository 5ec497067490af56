"""Every command, sent as REST sends it: the same bodies, the same checks, the same gateway.

A refusal that a caller can act upon is a type of the answer (see `problems`); nothing else is an error.
"""

import strawberry

from api.graphql.aftercare_mutations import AftercareMutations
from api.graphql.catalogue_mutations import CatalogueMutations
from api.graphql.draft_mutations import DraftMutations
from api.graphql.losses import LossMutations
from api.graphql.order_mutations import OrderMutations
from api.graphql.saga_mutations import SagaMutations


@strawberry.type
class Mutation(
    OrderMutations, DraftMutations, LossMutations, AftercareMutations, SagaMutations, CatalogueMutations
):
    """All of them. Pydantic's refusal of an argument is a problem like any other."""
