// FerretDB on SQLite files, as its own library starts it, for the tests of `tests/database/servers`.
//
// FerretDB's command panics when Go installs it from its module: a file with its version is made by
// its authors' build alone.
package main

import (
	"context"
	"flag"
	"log"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/FerretDB/FerretDB/ferretdb"
)

func main() {
	unix := flag.String("unix", "", "path of the socket")
	data := flag.String("data", "", "URI of the folder with SQLite files, file:data/ say")
	flag.Parse()

	errors := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))
	server, err := ferretdb.New(&ferretdb.Config{
		Listener:  ferretdb.ListenerConfig{Unix: *unix},
		Logger:    errors,
		Handler:   "sqlite",
		SQLiteURL: *data,
	})
	if err != nil {
		log.Fatal(err)
	}

	ended, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	if err := server.Run(ended); err != nil {
		log.Fatal(err)
	}
}
