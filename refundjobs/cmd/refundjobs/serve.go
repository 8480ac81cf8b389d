package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"github.com/refundkit/refundkit/refundjobs/page"
)

func (p *program) serve() *cobra.Command {
	var address string
	cmd := &cobra.Command{
		Use: "serve", Short: "Show plans and refunds in a browser, on this machine",
		Long:    "Show plans and refunds in a browser, on this machine: it only reads, and listens on loopback alone, because it knows no login.",
		Example: "  refundjobs serve\n  refundjobs serve --address 127.0.0.1:9000",
		Args:    noArguments,
	}
	cmd.Flags().StringVar(&address, "address", "127.0.0.1:8090", "loopback address to listen on")
	cmd.RunE = p.with(false, func(ctx context.Context, j jobs, _ []string) error {
		handler, err := page.New(j, slog.New(slog.NewTextHandler(p.err, nil)))
		if err != nil {
			return err
		}
		return p.listen(ctx, address, handler)
	})
	return cmd
}

// listen serves on loopback until ctx ends.
func (p *program) listen(ctx context.Context, address string, handler http.Handler) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return usageError{err}
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return usageError{errors.New("serve: it listens on loopback only: 127.0.0.1, ::1 or localhost")}
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return err
	}
	server := &http.Server{Handler: onLoopback(handler), ReadHeaderTimeout: 10 * time.Second}
	p.note("http://%s  Ctrl-C stops.", listener.Addr())
	stop := context.AfterFunc(ctx, func() { _ = server.Close() })
	defer stop()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve: %w", err)
	}
	return nil
}

// onLoopback refuses requests under another name: a page elsewhere could point a name
// of its own at this machine, and read along.
func onLoopback(handler http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, _, err := net.SplitHostPort(r.Host)
		if err != nil {
			host = r.Host
		}
		if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
			http.Error(w, "ask by the address that serve printed", http.StatusForbidden)
			return
		}
		handler.ServeHTTP(w, r)
	})
}
