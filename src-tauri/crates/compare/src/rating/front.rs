//! Which models nothing beats in both worth and price.

/// For each `(worth, price)`: is nothing both at least as good and at most as dear, and better in one of them?
/// `None` as a price is unknown, not free: such a model is never on the front and takes nobody off it.
pub fn front<P: PartialOrd + Copy>(models: &[(f64, Option<P>)]) -> Vec<bool> {
    models
        .iter()
        .map(|(worth, price)| {
            price.is_some_and(|price| {
                !models.iter().any(|(other, cost)| {
                    cost.is_some_and(|cost| {
                        other >= worth && cost <= price && (other > worth || cost < price)
                    })
                })
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::front;

    #[test]
    fn what_is_dearer_and_no_better_is_off_the_front() {
        let models =
            [(1558.0, Some(131)), (1541.0, Some(89)), (1500.0, Some(100)), (1462.0, Some(0)), (1600.0, None)];
        assert_eq!(front(&models), [true, true, false, true, false]);
    }

    #[test]
    fn equals_stay_both() {
        assert_eq!(front(&[(1.0, Some(2)), (1.0, Some(2))]), [true, true]);
    }
}
