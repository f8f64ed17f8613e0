//! Just enough linear algebra: symmetric matrices of some dozens of rows.

/// A square matrix, row by row.
#[derive(Clone, Debug)]
pub(super) struct Matrix {
    size: usize,
    cells: Vec<f64>,
}

/// The lower triangle of Cholesky's factor.
pub(super) struct Factor(Matrix);

pub(super) fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

impl Matrix {
    pub(super) fn zero(size: usize) -> Self {
        Self { size, cells: vec![0.0; size * size] }
    }

    pub(super) fn get(&self, row: usize, column: usize) -> f64 {
        self.cells[row * self.size + column]
    }

    pub(super) fn add(&mut self, row: usize, column: usize, value: f64) {
        self.cells[row * self.size + column] += value;
    }

    /// `along · self · along`.
    pub(super) fn square(&self, along: &[f64]) -> f64 {
        self.cells.chunks(self.size).zip(along).map(|(row, x)| x * dot(row, along)).sum()
    }

    /// `None` when the matrix is not positive definite.
    pub(super) fn factor(&self) -> Option<Factor> {
        let n = self.size;
        let mut lower = Self::zero(n);
        for row in 0..n {
            for column in 0..=row {
                let done = dot(
                    &lower.cells[row * n..row * n + column],
                    &lower.cells[column * n..column * n + column],
                );
                let left = self.get(row, column) - done;
                lower.cells[row * n + column] = if row == column {
                    if left <= 0.0 || !left.is_finite() {
                        return None;
                    }
                    left.sqrt()
                } else {
                    left / lower.get(column, column)
                };
            }
        }
        Some(Factor(lower))
    }
}

impl Factor {
    pub(super) fn solve(&self, right: &[f64]) -> Vec<f64> {
        let (n, lower) = (self.0.size, &self.0);
        let mut x = right.to_vec();
        for row in 0..n {
            let done = dot(&lower.cells[row * n..row * n + row], &x[..row]);
            x[row] = (x[row] - done) / lower.get(row, row);
        }
        for row in (0..n).rev() {
            let done: f64 = (row + 1..n).map(|below| lower.get(below, row) * x[below]).sum();
            x[row] = (x[row] - done) / lower.get(row, row);
        }
        x
    }

    pub(super) fn inverse(&self) -> Matrix {
        let n = self.0.size;
        let mut inverse = Matrix::zero(n);
        for column in 0..n {
            let mut unit = vec![0.0; n];
            unit[column] = 1.0;
            for (row, value) in self.solve(&unit).into_iter().enumerate() {
                inverse.cells[row * n + column] = value;
            }
        }
        inverse
    }
}
