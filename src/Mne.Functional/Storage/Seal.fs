namespace Mne.Functional

open System
open System.IO
open System.Security.Cryptography
open System.Text

/// <summary>Raised where a file is not, byte for byte, what was written: cut short, overwritten, empty, something else. Nothing of it
/// was used.</summary>
/// <param name="path">The file.</param>
/// <param name="found">What is wrong with it.</param>
/// <param name="advice">What to do.</param>
type DamagedFileException(path: string, found: string, advice: string) =
    inherit IOException($"{path} {found}; {advice}")

    /// <summary>The file.</summary>
    member _.Path = path

    /// <summary>What is wrong with it.</summary>
    member _.Found = found

    /// <summary>What to do.</summary>
    member _.Advice = advice

/// A seal at the end of a file: eight letters, the number of bytes before it, and their SHA-256. Readers of HDF5 ignore what
/// stands behind a file's own end; here it is read first, so that nothing is ever parsed that was not written so.
module internal Seal =

    let private letters = Encoding.ASCII.GetBytes "MneSeal1"
    let private length = letters.Length + 8 + SHA256.HashSizeInBytes

    let private hdf5 =
        [| 0x89uy; byte 'H'; byte 'D'; byte 'F'; 13uy; 10uy; 26uy; 10uy |]

    /// SHA-256 of so many bytes from the beginning of a stream.
    let private digest (stream: Stream) (count: int64) : byte[] =
        use hash = IncrementalHash.CreateHash HashAlgorithmName.SHA256
        let buffer = Array.zeroCreate<byte>(1 <<< 20)
        stream.Position <- 0L
        let mutable left = count

        while left > 0L do
            let part = int (min left (int64 buffer.Length))
            stream.ReadExactly(buffer, 0, part)
            hash.AppendData(buffer, 0, part)
            left <- left - int64 part

        hash.GetHashAndReset()

    /// Seals what a stream holds.
    let append (stream: Stream) : unit =
        let count = stream.Length
        let digest = digest stream count
        stream.Position <- count
        stream.Write(letters, 0, letters.Length)
        stream.Write(BitConverter.GetBytes count, 0, 8)
        stream.Write(digest, 0, digest.Length)

    /// Raises `DamagedFileException` unless the stream holds an HDF5 file and its unbroken seal.
    let verify (path: string) (stream: Stream) : unit =
        let damaged found =
            raise (
                DamagedFileException(
                    path,
                    found,
                    "take it from a copy, or make it again: for a checkpoint, begin the run anew or go on from an older one"
                )
            )

        let bytes (from: int64) (count: int) =
            let result = Array.zeroCreate<byte> count
            stream.Position <- from
            stream.ReadExactly(result, 0, count)
            result

        let count = stream.Length - int64 length

        if stream.Length = 0L then
            damaged "is empty"

        if stream.Length < int64 hdf5.Length || bytes 0L hdf5.Length <> hdf5 then
            damaged "is not an HDF5 file"

        if count < 0L || bytes count letters.Length <> letters then
            damaged
                "does not end with the seal of this library: it was cut short, changed by another program, or written by something else or by a version before files were sealed"

        let seal = bytes count length
        let written = BitConverter.ToInt64(seal, letters.Length)

        if written <> count then
            damaged $"has {count} bytes before its seal, but {written} were written"

        if digest stream count <> seal[letters.Length + 8 ..] then
            damaged "was changed since it was written: its bytes do not have the SHA-256 of its seal"
