namespace Mne.Functional

open System
open TorchSharp

/// Argument checks whose messages name the argument, what was found, what was wanted and what to do.
[<RequireQualifiedAccess>]
module Guard =

    /// A shape as messages print it.
    let internal shapeName (shape: int64[]) =
        if Array.isEmpty shape then
            "a scalar"
        else
            shape |> Array.map string |> String.concat " × "

    /// Raises `ArgumentException` with the message "`name`: `message`".
    let fail (name: string) (message: string) : 'a =
        raise (ArgumentException($"{name}: {message}", name))

    /// Raises unless the number is finite and greater than zero.
    let positive name (value: float) =
        if not (Double.IsFinite value && value > 0.0) then
            fail name $"found {value}, wanted a finite number greater than 0"

    /// Raises unless the number is finite and not negative.
    let notNegative name (value: float) =
        if not (Double.IsFinite value && value >= 0.0) then
            fail name $"found {value}, wanted a finite number, 0 or greater"

    /// Raises unless the count is at least `least`.
    let atLeast name least (value: int) =
        if value < least then
            fail name $"found {value}, wanted at least {least}"

    /// Raises unless the tensor is a non-empty matrix with d columns (points, one per row).
    let points name d (tensor: Tensor) =
        if isNull (box tensor) then
            fail name "found null, wanted an N × d tensor of points"

        if tensor.dim () <> 2L then
            fail name $"found the shape {shapeName tensor.shape}, wanted N × {d} (one point per row); reshape it"

        if int tensor.shape[1] <> d then
            fail name $"{tensor.shape[1]} columns, but the domain has dimension {d}"

        if tensor.shape[0] = 0L then
            fail name "found no points; give at least one row"

    /// Raises unless the tensor is an n × d matrix: a vector at each of n points.
    let vectors name n d (tensor: Tensor) =
        points name d tensor

        if int tensor.shape[0] <> n then
            fail
                name
                $"{tensor.shape[0]} rows, but there are {n} points; return one row per point (expand repeats one for all)"

    /// Raises unless the tensor is a vector with n elements.
    let vector name n (tensor: Tensor) =
        if tensor.dim () <> 1L || int tensor.shape[0] <> n then
            fail
                name
                $"found the shape {shapeName tensor.shape}, wanted a vector of length {n} (one number per point); an N × 1 tensor becomes one with squeeze(1)"

    /// Raises unless the tensor holds the values of m components at n points: n for one component, n × m for several.
    let values name n m (tensor: Tensor) =
        if m = 1 then
            vector name n tensor
        elif tensor.shape <> [| int64 n; int64 m |] then
            fail
                name
                $"found the shape {shapeName tensor.shape}, wanted {n} × {m} (one row per point, one column for each of {m})"

    /// Raises unless both tensors have the same element type and device.
    let samePlacement name (tensor: Tensor) otherName (other: Tensor) =
        if tensor.dtype <> other.dtype then
            fail name $"{tensor.dtype}, but {otherName} is {other.dtype}; convert one of them with ``to``"

        if tensor.device.ToString() <> other.device.ToString() then
            fail name $"on {tensor.device}, but {otherName} is on {other.device}; move one of them with ``to``"

    /// Raises unless every element is finite; says which row is the first that is not.
    let finite name (tensor: Tensor) =
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
