namespace Mne.Functional

open TorchSharp

/// <summary>
/// A smooth way between ℝⁿ, where samplers work, and the values that a constrained quantity may have: positive numbers, numbers in order, simplices,
/// correlation matrices. Functions are batched: the first dimension (M) counts points or draws.
/// </summary>
[<StructuredFormatDisplay("{Text}"); Notebooks.TypeFormatterSource>]
type Bijector =
    {
        /// <summary>What its values are, in words, as messages say it: "a positive number".</summary>
        Values: string
        /// <summary>n, how many numbers without constraint make one value.</summary>
        Dimension: int
        /// <summary>The shape of a value: empty for a number, one length for a vector, two for a matrix.</summary>
        Shape: int list
        /// <summary>y (M × n) ↦ the values (M × shape) and log |det J| (M) of the Jacobian of y ↦ value.</summary>
        Forward: Tensor -> Tensor * Tensor
        /// <summary>
        /// Values (M × shape) ↦ y (M × n). NaN where a value does not keep the constraint, ±∞ where it lies on the edge of what is allowed.
        /// </summary>
        Inverse: Tensor -> Tensor
    }

    /// <summary>One line that says what it is.</summary>
    member bijector.Text = $"ℝ^{bijector.Dimension} to {bijector.Values}"

    override bijector.ToString() = bijector.Text

/// What bijectors are made of. Logarithms are computed as such, so that nothing is lost where e to them under- or overflows.
module internal Bijecting =

    /// log of the logistic function.
    let logSigmoid (y: Tensor) : Tensor = torch.nn.functional.logsigmoid y

    /// log σ(y) σ(−y), the logarithm of the slope of the logistic function.
    let logSlope (y: Tensor) : Tensor = logSigmoid y .+ logSigmoid -y

    /// A number, from functions of tensors of any shape.
    let number (values: string) (forward: Tensor -> Tensor * Tensor) (inverse: Tensor -> Tensor) : Bijector =
        {
            Values = values
            Dimension = 1
            Shape = []
            Forward = fun y -> forward (y.squeeze 1L)
            Inverse = fun x -> (inverse x).unsqueeze 1L
        }

    /// The column of each point, (M × 1).
    let column (i: int) (x: Tensor) : Tensor = x.narrow (1L, int64 i, 1L)

    /// Columns but for the first or the last so many.
    let after (i: int) (x: Tensor) : Tensor =
        x.narrow (1L, int64 i, x.shape[1] - int64 i)

    let before (i: int) (x: Tensor) : Tensor = x.narrow (1L, 0L, x.shape[1] - int64 i)

    /// The tensor, and NaN in rows (M) that are not whole.
    let where (whole: Tensor) (x: Tensor) : Tensor =
        let mask =
            whole.reshape [| x.shape[0]; yield! Array.create (int (x.dim ()) - 1) 1L |]

        x.MaskedFill(mask.logical_not (), nan)

    /// How far sums that a constraint fixes may be from it, as Stan allows.
    let tolerance = 1e-8

    /// Rows (M) in which a tensor (M × …) is nowhere as large as the tolerance.
    let small (x: Tensor) : Tensor =
        (x.reshape(x.shape[0], -1L).abs().amax([| 1L |])).LessThan tolerance
