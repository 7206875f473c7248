"""What the customer base refuses."""

from uuid import UUID

from domain.kernel.errors import Conflict, NotFound, RuleViolation

NOBODY = UUID(int=0)


class CustomerNotFound(NotFound):
    """No such customer in this shop."""

    code = "customer-not-found"
    title = "No such customer"


class IdentifierNotFound(NotFound):
    """The customer has no such identifier."""

    code = "identifier-not-found"
    title = "The customer has no such identifier"


class AddressNotFound(NotFound):
    """The customer has no such address."""

    code = "address-not-found"
    title = "The customer has no such address"


class NoteNotFound(NotFound):
    """The customer has no such note, or it is not for this role to see."""

    code = "note-not-found"
    title = "No such note"


class CustomFieldNotFound(NotFound):
    """The shop has no such custom field."""

    code = "custom-field-not-found"
    title = "No such custom field"


class InvalidValue(RuleViolation):
    """A value is well formed and cannot be right: a phone that is no number, a date that no calendar has."""

    code = "invalid-value"
    title = "A value cannot be right"


class EmptyCustomer(RuleViolation):
    """Neither a name nor an identifier: nobody could ever find such a card."""

    code = "empty-customer"
    title = "A customer needs a name or an identifier"


class IdentifierTaken(Conflict):
    """The identifier belongs to another customer, named by `customer_id`."""

    code = "identifier-taken"
    title = "Somebody has this identifier already"

    def __init__(self, customer_id: UUID = NOBODY, pointer: str = "") -> None:
        super().__init__(customer_id=str(customer_id), pointer=pointer)
        self.customer_id = customer_id


class IdentifierNotActive(Conflict):
    """Only an active identifier can be verified, made primary or reassigned."""

    code = "identifier-not-active"
    title = "The identifier is not active"


class CustomerNotActive(Conflict):
    """The customer's state does not allow this."""

    code = "customer-not-active"
    title = "The customer is not active"


class ReassignmentUnproven(RuleViolation):
    """A number changes hands only by a confirmed code, or by an employee who says why."""

    code = "verification-required"
    title = "The new owner must confirm the number"


class CustomFieldExists(Conflict):
    """Another custom field has this code."""

    code = "custom-field-exists"
    title = "A custom field with this code exists"


class TooManyCustomFields(Conflict):
    """The shop has as many custom fields as it may."""

    code = "custom-field-limit"
    title = "No more custom fields can be added"


class SearchTooWide(RuleViolation):
    """The base is too large to search by name or ending without the index that the owner switches on."""

    code = "search-index-off"
    title = "Search by name needs an index in a base of this size"
