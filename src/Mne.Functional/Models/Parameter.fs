namespace Mne.Functional

/// <summary>A quantity that a model infers: its name, and what values it may have.</summary>
[<StructuredFormatDisplay("{Text}"); Notebooks.TypeFormatterSource>]
type Parameter =
    {
        /// <summary>As formulas and tables call it, such as <c>"tau"</c>.</summary>
        Name: string
        /// <summary>What values it may have, and how ℝⁿ is brought there.</summary>
        Bijector: Bijector
    }

    /// <summary>One line that says what it is.</summary>
    member parameter.Text = $"{parameter.Name}: {parameter.Bijector.Values}"

    override parameter.ToString() = parameter.Text

/// <summary>Quantities to be inferred. A vector or matrix of any of them is made by <c>repeated</c>.</summary>
/// <example><code>
/// let parameters =
///     [
///         Parameter.real "mu"
///         Parameter.positive "tau"
///         Parameter.vector 8 "theta"
///         Parameter.positive "sigma" |&gt; Parameter.repeated [ 8 ]
///     ]
/// </code></example>
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module Parameter =

    /// <summary>A quantity with any constraint.</summary>
    /// <param name="bijector">What values it may have.</param>
    /// <param name="name">As formulas and tables call it.</param>
    /// <exception cref="T:System.ArgumentException">The name is empty.</exception>
    let create (bijector: Bijector) (name: string) : Parameter =
        Guard.named "name" name
        { Name = name; Bijector = bijector }

    /// <summary>Any number.</summary>
    /// <param name="name">As formulas and tables call it.</param>
    let real (name: string) : Parameter = create Bijector.real name

    /// <summary>A number greater than 0.</summary>
    /// <param name="name">As formulas and tables call it.</param>
    let positive (name: string) : Parameter = create Bijector.positive name

    /// <summary>A number greater than a bound.</summary>
    /// <param name="bound">What it is greater than.</param>
    /// <param name="name">As formulas and tables call it.</param>
    let lower (bound: float) (name: string) : Parameter = create (Bijector.lower bound) name

    /// <summary>A number less than a bound.</summary>
    /// <param name="bound">What it is less than.</param>
    /// <param name="name">As formulas and tables call it.</param>
    let upper (bound: float) (name: string) : Parameter = create (Bijector.upper bound) name

    /// <summary>A number between two bounds.</summary>
    /// <param name="lowest">What it is greater than.</param>
    /// <param name="highest">What it is less than.</param>
    /// <param name="name">As formulas and tables call it.</param>
    let interval (lowest: float) (highest: float) (name: string) : Parameter =
        create (Bijector.interval lowest highest) name

    /// <summary>A number between 0 and 1.</summary>
    /// <param name="name">As formulas and tables call it.</param>
    let unit (name: string) : Parameter = create Bijector.unit name

    /// <summary>A point on the circle, as an angle from −π to π.</summary>
    /// <param name="name">As formulas and tables call it.</param>
    let angle (name: string) : Parameter = create Bijector.angle name

    /// <summary>n numbers.</summary>
    /// <param name="n">How many.</param>
    /// <param name="name">As formulas and tables call them.</param>
    let vector (n: int) (name: string) : Parameter =
        Guard.atLeast "n" 1 n
        create (Bijector.repeated [ n ] Bijector.real) name

    /// <summary>A matrix of numbers.</summary>
    /// <param name="rows">How many rows.</param>
    /// <param name="columns">How many columns.</param>
    /// <param name="name">As formulas and tables call it.</param>
    let matrix (rows: int) (columns: int) (name: string) : Parameter =
        Guard.atLeast "rows" 1 rows
        Guard.atLeast "columns" 1 columns
        create (Bijector.repeated [ rows; columns ] Bijector.real) name

    /// <summary>A direction: n numbers with the sum of squares 1.</summary>
    /// <param name="n">How many numbers, 2 or more.</param>
    /// <param name="name">As formulas and tables call it.</param>
    let unitVector (n: int) (name: string) : Parameter = create (Bijector.unitVector n) name

    /// <summary>n numbers in ascending order.</summary>
    /// <param name="n">How many.</param>
    /// <param name="name">As formulas and tables call them.</param>
    let ordered (n: int) (name: string) : Parameter = create (Bijector.ordered n) name

    /// <summary>n positive numbers in ascending order.</summary>
    /// <param name="n">How many.</param>
    /// <param name="name">As formulas and tables call them.</param>
    let positiveOrdered (n: int) (name: string) : Parameter =
        create (Bijector.positiveOrdered n) name

    /// <summary>n positive numbers that sum to 1.</summary>
    /// <param name="n">How many, 2 or more.</param>
    /// <param name="name">As formulas and tables call them.</param>
    let simplex (n: int) (name: string) : Parameter = create (Bijector.simplex n) name

    /// <summary>A correlation matrix, n × n.</summary>
    /// <param name="n">How many rows, 2 or more.</param>
    /// <param name="name">As formulas and tables call it.</param>
    let correlation (n: int) (name: string) : Parameter = create (Bijector.correlation n) name

    /// <summary>The Cholesky factor of a correlation matrix, n × n.</summary>
    /// <param name="n">How many rows, 2 or more.</param>
    /// <param name="name">As formulas and tables call it.</param>
    let correlationCholesky (n: int) (name: string) : Parameter =
        create (Bijector.correlationCholesky n) name

    /// <summary>A covariance matrix, n × n.</summary>
    /// <param name="n">How many rows.</param>
    /// <param name="name">As formulas and tables call it.</param>
    let covariance (n: int) (name: string) : Parameter = create (Bijector.covariance n) name

    /// <summary>The Cholesky factor of a covariance matrix, n × n.</summary>
    /// <param name="n">How many rows.</param>
    /// <param name="name">As formulas and tables call it.</param>
    let covarianceCholesky (n: int) (name: string) : Parameter =
        create (Bijector.covarianceCholesky n) name

    /// <summary>A vector, matrix or longer array of quantities of one kind, under one name.</summary>
    /// <param name="shape">The lengths of the array.</param>
    /// <param name="each">What it is made of.</param>
    /// <exception cref="T:System.ArgumentException">There is no length, or one below 1.</exception>
    /// <example><code>
    /// let sigma = Parameter.positive "sigma" |&gt; Parameter.repeated [ 8 ]
    /// </code></example>
    let repeated (shape: int list) (each: Parameter) : Parameter =
        create (Bijector.repeated shape each.Bijector) each.Name
