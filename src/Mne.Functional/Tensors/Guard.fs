namespace Mne.Functional

open System
open TorchSharp

/// Raised for points at which nothing can be computed, as a step of an integration that was too long tries some: such a step is rejected.
type internal OutOfReach(name: string, message: string) =
    inherit ArgumentException($"{name}: {message}", name)

/// <summary>Argument checks whose messages name the argument, what was found, what was wanted and what to do.</summary>
[<RequireQualifiedAccess>]
module Guard =

    /// A shape as messages print it.
    let internal shapeName (shape: int64[]) =
        if Array.isEmpty shape then
            "a scalar"
        else
            shape |> Array.map string |> String.concat " × "

    /// <summary>Raises <c>ArgumentException</c> with the message "<c>name</c>: <c>message</c>".</summary>
    /// <param name="name">The name of the argument, as the message gives it.</param>
    /// <param name="message">What was found, what was wanted, and what to do.</param>
    /// <exception cref="T:System.ArgumentException">With the message "<c>name</c>: <c>message</c>".</exception>
    let fail (name: string) (message: string) : 'a =
        raise (ArgumentException($"{name}: {message}", name))

    /// The full path, of a path that can be the name of a file.
    let internal file (path: string) : string =
        if String.IsNullOrWhiteSpace path then
            fail (nameof path) "found an empty path, wanted the name of a file"

        if path.Contains '\000' then
            fail (nameof path) "found a path with a NUL character in it, wanted the name of a file"

        IO.Path.GetFullPath path

    /// <summary>Raises unless the number is finite and greater than zero.</summary>
    /// <param name="name">The name of the argument, as the message gives it.</param>
    /// <param name="value">What was found.</param>
    /// <exception cref="T:System.ArgumentException">Unless the number is finite and greater than zero.</exception>
    let positive name (value: float) =
        if not (Double.IsFinite value && value > 0.0) then
            fail name $"found {value}, wanted a finite number greater than 0"

    /// <summary>Raises unless the number is finite and not negative.</summary>
    /// <param name="name">The name of the argument, as the message gives it.</param>
    /// <param name="value">What was found.</param>
    /// <exception cref="T:System.ArgumentException">Unless the number is finite and not negative.</exception>
    let notNegative name (value: float) =
        if not (Double.IsFinite value && value >= 0.0) then
            fail name $"found {value}, wanted a finite number, 0 or greater"

    /// <summary>Raises unless the count is at least <c>least</c>.</summary>
    /// <param name="name">The name of the argument, as the message gives it.</param>
    /// <param name="least">The least that is allowed.</param>
    /// <param name="value">What was found.</param>
    /// <exception cref="T:System.ArgumentException">Unless the count is at least <c>least</c>.</exception>
    let atLeast name least (value: int) =
        if value < least then
            fail name $"found {value}, wanted at least {least}"

    /// <summary>Raises for a tensor that is not there, or that is not made of real floating-point numbers.</summary>
    /// <param name="name">The name of the argument, as the message gives it.</param>
    /// <param name="tensor">The tensor.</param>
    /// <exception cref="T:System.ArgumentException">Unless there is a tensor of Float64 or Float32 that was not disposed
    /// of.</exception>
    let numbers name (tensor: Tensor) =
        if isNull (box tensor) then
            fail name "found null, wanted a tensor of Float64 or Float32"

        if tensor.IsInvalid then
            fail name "found a tensor that was disposed of; keep it alive as long as it is used"

        if
            tensor.dtype <> torch.ScalarType.Float64
            && tensor.dtype <> torch.ScalarType.Float32
        then
            fail name $"found {tensor.dtype}, wanted Float64 or Float32; convert it with ``to``"

    /// Raises unless there is a name.
    let internal named argument (name: string) =
        if String.IsNullOrWhiteSpace name then
            fail argument "found no name, wanted a word such as \"theta\""

    /// <summary>Raises unless the number is finite.</summary>
    /// <param name="name">The name of the argument, as the message gives it.</param>
    /// <param name="value">What was found.</param>
    /// <exception cref="T:System.ArgumentException">Unless the number is finite.</exception>
    let real name (value: float) =
        if not (Double.IsFinite value) then
            fail name $"found {value}, wanted a finite number"

    /// The largest number whose squares and cubes are numbers still.
    let private largest = 1e100

    /// Raises unless the number is finite and its powers are.
    let internal moderate name (value: float) =
        real name value

        if abs value > largest then
            fail name $"found {value}, wanted a number between −{largest} and {largest}; choose other units"

    /// Raises unless one can divide by the number and its powers.
    let internal divisor name (value: float) =
        positive name value

        if value < 1.0 / largest || value > largest then
            fail name $"found {value}, wanted a number from {1.0 / largest} to {largest}; choose other units"

    /// Raises unless errors can be compared with it: products with sizes of u must not underflow.
    let internal tolerance name (value: float) =
        positive name value

        if value < 1e-100 then
            fail name $"found {value}, wanted at least 1e-100; round-off alone is near 1e-16"

    /// Raises unless the count is at least and at most so much.
    let internal within name least most (value: int) =
        atLeast name least value

        if value > most then
            fail name $"found {value}, wanted {least} to {most}"

    /// Raises where so many things of so many numbers each cannot be held: four times as much is worked with.
    let internal fits name (count: int) (each: int) =
        let wanted = 32.0 * float count * float (max 1 each)

        if wanted > 1e9 then
            let available = float (GC.GetGCMemoryInfo().TotalAvailableMemoryBytes)

            if wanted > available then
                fail
                    name
                    $"found {count}, which takes about {wanted / 1e9:F0} GB of memory, and there are {available / 1e9:F0}; wanted fewer, or in several calls"

    /// <summary>Raises unless the tensor is a non-empty matrix with d columns (points, one per row).</summary>
    /// <param name="name">The name of the argument, as the message gives it.</param>
    /// <param name="d">Number of columns.</param>
    /// <param name="tensor">The tensor.</param>
    /// <exception cref="T:System.ArgumentException">Unless the tensor is a non-empty matrix with d columns (points, one
    /// per row).</exception>
    let points name d (tensor: Tensor) =
        numbers name tensor

        if tensor.dim () <> 2L then
            fail name $"found the shape {shapeName tensor.shape}, wanted N × {d} (one point per row); reshape it"

        if int tensor.shape[1] <> d then
            fail name $"{tensor.shape[1]} columns, but the domain has dimension {d}"

        if tensor.shape[0] = 0L then
            fail name "found no points; give at least one row"

    /// <summary>
    /// Raises for finite points so far out that squares of coordinates overflow, where a function would be NaN. What is not finite itself
    /// passes: NaN in points is seen in what comes of them.
    /// </summary>
    /// <param name="name">The name of the argument, as the message gives it.</param>
    /// <param name="points">X (N × d).</param>
    /// <exception cref="T:System.ArgumentException">For a finite coordinate beyond 1e100.</exception>
    let withinReach name (points: Tensor) =
        let farthest = Scope.free (fun () -> Tensor.toFloat (points.detach().abs().max()))

        if farthest > largest && Double.IsFinite farthest then
            let row =
                Scope.free (fun () -> Tensor.toFloat (points.detach().abs().amax([| 1L |]).argmax()))

            raise (
                OutOfReach(
                    name,
                    $"found a coordinate of size {farthest:G3} in row {row}, wanted none beyond {largest}, whose powers overflow; choose other units, or leave such points out"
                )
            )

    /// Raises unless the tensor is a non-empty matrix: points in a space of whatever dimension.
    let internal cloud name (tensor: Tensor) =
        numbers name tensor

        points
            name
            (if tensor.dim () = 2L then
                 max 1 (int tensor.shape[1])
             else
                 1)
            tensor

    /// <summary>Raises unless the tensor is an n × d matrix: a vector at each of n points.</summary>
    /// <param name="name">The name of the argument, as the message gives it.</param>
    /// <param name="n">Number of rows.</param>
    /// <param name="d">Number of columns.</param>
    /// <param name="tensor">The tensor.</param>
    /// <exception cref="T:System.ArgumentException">Unless the tensor is an n × d matrix: a vector at each of n
    /// points.</exception>
    let vectors name n d (tensor: Tensor) =
        points name d tensor

        if int tensor.shape[0] <> n then
            fail
                name
                $"{tensor.shape[0]} rows, but there are {n} points; return one row per point (expand repeats one for all)"

    /// <summary>Raises unless the tensor is a vector with n elements.</summary>
    /// <param name="name">The name of the argument, as the message gives it.</param>
    /// <param name="n">Number of rows.</param>
    /// <param name="tensor">The tensor.</param>
    /// <exception cref="T:System.ArgumentException">Unless the tensor is a vector with n elements.</exception>
    let vector name n (tensor: Tensor) =
        numbers name tensor

        if tensor.dim () <> 1L || int tensor.shape[0] <> n then
            fail
                name
                $"found the shape {shapeName tensor.shape}, wanted a vector of length {n} (one number per point); an N × 1 tensor becomes one with squeeze(1)"

    /// <summary>
    /// Raises unless the tensor holds the values of m components at n points: n for one component, n × m for several.
    /// </summary>
    /// <param name="name">The name of the argument, as the message gives it.</param>
    /// <param name="n">Number of rows.</param>
    /// <param name="m">Number of components of u.</param>
    /// <param name="tensor">The tensor.</param>
    /// <exception cref="T:System.ArgumentException">Unless the tensor holds the values of m components at n points: n
    /// for one component, n × m for several.</exception>
    let values name n m (tensor: Tensor) =
        numbers name tensor

        if m = 1 then
            vector name n tensor
        elif tensor.shape <> [| int64 n; int64 m |] then
            fail
                name
                $"found the shape {shapeName tensor.shape}, wanted {n} × {m} (one row per point, one column for each of {m})"

    /// <summary>Raises unless both tensors have the same element type and device.</summary>
    /// <param name="name">The name of the argument, as the message gives it.</param>
    /// <param name="tensor">The tensor.</param>
    /// <param name="otherName">The name of the other argument.</param>
    /// <param name="other">The other tensor.</param>
    /// <exception cref="T:System.ArgumentException">Unless both tensors have the same element type and
    /// device.</exception>
    let samePlacement name (tensor: Tensor) otherName (other: Tensor) =
        numbers name tensor
        numbers (string otherName) other

        if tensor.dtype <> other.dtype then
            fail name $"{tensor.dtype}, but {otherName} is {other.dtype}; convert one of them with ``to``"

        if tensor.device.ToString() <> other.device.ToString() then
            fail name $"on {tensor.device}, but {otherName} is on {other.device}; move one of them with ``to``"

    /// <summary>Raises unless every element is finite; says which row is the first that is not.</summary>
    /// <param name="name">The name of the argument, as the message gives it.</param>
    /// <param name="tensor">The tensor.</param>
    /// <exception cref="T:System.ArgumentException">Unless every element is finite; says which row is the first that is
    /// not.</exception>
    let finite name (tensor: Tensor) =
        numbers name tensor

        if not (Tensor.isFinite tensor) then
            let bad =
                Scope.free (fun () -> Tensor.toArray (torch.isfinite(tensor.detach ()).logical_not()))

            let perRow =
                if tensor.dim () = 0L then
                    1
                else
                    max 1 (bad.Length / int tensor.shape[0])

            match Array.tryFindIndex (fun b -> b <> 0.0) bad with
            | Some i ->
                fail
                    name
                    $"not finite in {Array.sumBy int bad} of {bad.Length} places, first at row {i / perRow}; every value must be a finite number"
            | None -> fail name "so large that sums overflow; rescale the problem"

    /// Energies of a density, with +∞ where they are not a number: places without density. Raises `ArgumentException` for −∞. Most often all are
    /// finite, and their sum says so.
    let internal energies name (values: Tensor) : Tensor =
        if Tensor.isFinite values then
            values
        else
            if Scope.free (fun () -> (values.detach().isneginf().any()).item<bool>()) then
                fail
                    name
                    "found −∞, where the density e^−V would be infinite; wanted numbers, or +∞ where there is no density"

            torch.where (values.isnan (), values.NewFull(values.shape[0], infinity), values)
