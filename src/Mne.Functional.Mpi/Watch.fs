namespace Mne.Functional

open System
open System.Collections.Generic
open System.Diagnostics
open System.Net
open System.Net.NetworkInformation
open System.Net.Sockets
open System.Security.Cryptography
open System.Threading

/// Whole numbers over a connection.
module internal Wire =

    /// Where the connection has ended, nobody is there to hear it.
    let say (word: int) (socket: Socket) : unit =
        try
            socket.Send(BitConverter.GetBytes(IPAddress.HostToNetworkOrder word)) |> ignore
        with :? SocketException ->
            ()

    /// So many bytes; None where the connection ends before.
    let read (count: int) (socket: Socket) : byte[] option =
        let bytes = Array.zeroCreate count

        let rec more at =
            if at = count then
                Some bytes
            else
                match socket.Receive(bytes, at, count - at, SocketFlags.None) with
                | 0 -> None
                | n -> more (at + n)

        try
            more 0
        with :? SocketException ->
            None

    let hear (socket: Socket) : int option =
        read 4 socket
        |> Option.map (fun bytes -> IPAddress.NetworkToHostOrder(BitConverter.ToInt32(bytes, 0)))

/// Knows when another rank is gone, through a connection of each to rank 0, over which nothing is said while all is well. The system ends a
/// connection with the process that holds it, whatever ended that, and gives up a machine that does not answer. So a rank that is slow, or even
/// stopped, is not taken for one that is gone. Rank 0 tells the others who is: `lost` is called with it, once, by a thread of its own.
[<Sealed>]
type internal Watch(others: (int * Socket) list, lost: int -> unit) =

    /// What a rank says that leaves in order; other words are ranks that are gone.
    let farewell = -1

    let rec listen (present: Map<int, Socket>) : unit =
        if not present.IsEmpty then
            let ready = List<Socket>(present.Values)
            Socket.Select(ready, null, null, -1)

            let heard =
                [
                    for KeyValue(other, socket) in present do
                        if ready.Contains socket then
                            match Wire.hear socket with
                            | Some word when word = farewell -> other, None
                            | Some gone -> other, Some gone
                            | None -> other, Some other
                ]

            match heard |> List.tryPick snd with
            | Some gone ->
                for KeyValue(other, socket) in present do
                    if other <> gone then
                        Wire.say gone socket

                lost gone
            | None -> listen (heard |> List.fold (fun left (other, _) -> Map.remove other left) present)

    let listener =
        Thread((fun () -> listen (Map others)), IsBackground = true, Name = "Mpi.Watch")

    do listener.Start()

    /// Leaves in order, once all ranks have come to their end; those that are not yet here are waited for, but not for ever.
    member _.Leave() : unit =
        for _, socket in others do
            Wire.say farewell socket

        listener.Join(TimeSpan.FromSeconds 2.0) |> ignore

/// How ranks find each other.
module internal Watch =

    /// How long ranks try.
    let private patience = TimeSpan.FromSeconds 30.0

    /// A machine that has said nothing for 3 seconds is asked every second, and given up after 5 times without an answer.
    let private keep (socket: Socket) =
        socket.NoDelay <- true
        socket.ReceiveTimeout <- 0
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true)
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, 3)
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, 1)
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, 5)

    /// The addresses of this machine, those that lead from nowhere else last.
    let private addresses () : IPAddress list =
        [
            for card in NetworkInterface.GetAllNetworkInterfaces() do
                for unicast in card.GetIPProperties().UnicastAddresses do
                    if not unicast.Address.IsIPv6LinkLocal then
                        unicast.Address
        ]
        |> List.sortBy (fun address ->
            IPAddress.IsLoopback address, address.AddressFamily <> AddressFamily.InterNetwork)

    /// Rank 0 takes in the others, which know a secret.
    let private takeIn (listener: TcpListener) (question: byte[]) (answer: byte[]) (size: int) : (int * Socket) list =
        let clock = Stopwatch.StartNew()

        let rec gather (found: Map<int, Socket>) =
            if found.Count = size - 1 then
                Map.toList found
            elif clock.Elapsed > patience then
                let missing =
                    [
                        for rank in 1 .. size - 1 do
                            if not (found.ContainsKey rank) then
                                string rank
                    ]
                    |> String.concat ", "

                raise (
                    CommunicationFailedException $"no connection from rank {missing} within {patience.TotalSeconds} s"
                )
            elif not (listener.Pending()) then
                Thread.Sleep 2
                gather found
            else
                let socket = listener.AcceptSocket()
                socket.ReceiveTimeout <- 2000

                match Wire.read question.Length socket, Wire.hear socket with
                | Some asked, Some rank when asked = question ->
                    socket.Send answer |> ignore
                    keep socket
                    gather (Map.add rank socket found)
                | _ ->
                    // Not a rank of ours.
                    socket.Dispose()
                    gather found

        gather Map.empty

    /// Another rank comes to rank 0, by the first of its addresses that leads there.
    let private comeTo (places: IPEndPoint list) (question: byte[]) (answer: byte[]) (rank: int) : Socket =
        let clock = Stopwatch.StartNew()

        let attempt (place: IPEndPoint) : Socket option =
            let socket = new Socket(place.AddressFamily, SocketType.Stream, ProtocolType.Tcp)

            let reached =
                try
                    if socket.ConnectAsync(place).Wait(TimeSpan.FromSeconds 2.0) then
                        // Rank 0 takes in one after the other.
                        socket.ReceiveTimeout <- int patience.TotalMilliseconds
                        socket.Send question |> ignore
                        Wire.say rank socket
                        Wire.read answer.Length socket = Some answer
                    else
                        false
                with
                | :? AggregateException
                | :? SocketException -> false

            if reached then
                keep socket
                Some socket
            else
                socket.Dispose()
                None

        let rec search () =
            match List.tryPick attempt places with
            | Some socket -> socket
            | None when clock.Elapsed > patience ->
                let tried = places |> List.map string |> String.concat ", "

                raise (
                    CommunicationFailedException $"no connection to rank 0 at {tried} within {patience.TotalSeconds} s"
                )
            | None ->
                Thread.Sleep 100
                search ()

        search ()

    /// The connections of this rank, once all ranks have theirs.
    let private meet (ranks: Communicator) : (int * Socket) list =
        let listener =
            if ranks.Rank = 0 then
                // Of either family of addresses.
                let listener = TcpListener.Create 0
                listener.Start ranks.Size
                Some listener
            else
                None

        try
            /// What rank 0 hears, what it answers, and where.
            let words =
                match listener with
                | Some listener ->
                    let secret = RandomNumberGenerator.GetBytes 32 |> Convert.ToHexString
                    let port = (listener.LocalEndpoint :?> IPEndPoint).Port

                    secret :: [ for address in addresses () -> string (IPEndPoint(address, port)) ]
                    |> String.concat " "
                | None -> ""
                |> Communicator.tell ranks 0
                |> _.Split(' ')

            let question, answer = words[0] |> Convert.FromHexString |> Array.splitAt 16

            let places = [ for place in Array.tail words -> IPEndPoint.Parse place ]

            let find () =
                match listener with
                | Some listener -> takeIn listener question answer ranks.Size
                | None -> [ 0, comeTo places question answer ranks.Rank ]

            match Communicator.together ranks (fun () -> false) (fun _ -> None) 0 (fun () -> find (), [||]) with
            | Joint.Done(sockets, _) -> sockets
            | Joint.Refused(_, why) -> raise (CommunicationFailedException why)
            | Joint.Stopped -> raise (OperationCanceledException())
        finally
            listener |> Option.iter _.Stop()

    /// The environment variable that does without.
    let variable = "MNE_MPI_WATCH"

    /// Begins the watch on all ranks.
    let start (ranks: Communicator) (lost: int -> unit) : Watch =
        try
            new Watch(meet ranks, lost)
        with :? CommunicationFailedException as error ->
            raise (
                CommunicationFailedException(
                    $"ranks cannot watch each other: {error.Message}. Let them reach each other by TCP, or set {variable}=off: a rank that is lost then ends the others only if the launcher does",
                    error
                )
            )
