# What the services answer, in words for a person.
refusal-reserved = Somebody else has it reserved. If they don’t pay, it comes back.
refusal-sold-out = Sold out.
refusal-all-held = All are held right now. Some may come back.
refusal-only-left = { $count ->
    [one] Only 1 is left.
   *[other] Only { $count } are left.
}
refusal-per-person = At most { $limit } per person, and you have { $count } already.
refusal-per-order = At most { $limit } per order.
refusal-price-changed = The price has just changed to { $price }. Have another look, then decide.
refusal-email-in-use = There is an account with this address already. Sign in instead.
refusal-credentials = Email and password don’t go together.
refusal-edit-reserved = A ticket that is reserved or sold can’t be edited. When the hold ends without a payment, editing works again.
refusal-unreachable = The service does not answer at the moment. Try again in a minute.
refusal-too-many = Too many attempts. Wait a moment, then try again.
refusal-withdraw-taken = Some of it is held or sold, so it can’t be withdrawn.
refusal-edited-meanwhile = It was changed meanwhile. Below is how it stands now: make your changes again.
refusal-being-paid = It is being paid right now.
refusal-complete = It is paid already.
