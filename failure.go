package refundkit

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/refundkit/refundkit/internal/text"
)

// cause holds an error of somebody else. Its message says what kind of failure
// that is; the error itself, whose text and fields can quote the answer, is
// reached only by unwrapping, which no printer and no encoder does.
type cause struct {
	err     func() error
	message func() string
}

// hide puts err behind a cause whose message redact has gone over.
func hide(err error, redact func(string) string) error {
	if err == nil {
		return nil
	}
	return &cause{func() error { return err }, func() string { return redact(describe(err)) }}
}

func (c *cause) Error() string { return c.message() }
func (c *cause) Unwrap() error { return c.err() }

// ownError is a failure in this package's own words, so that they can be shown.
// errors.Is and errors.As find err, if there is one.
type ownError struct {
	words string
	err   error
}

func (e *ownError) Error() string { return text.Masked(e.words) }
func (e *ownError) Unwrap() error { return e.err }

// unreadable is the failure of decoding an answer, without the values that
// encoding/json repeats.
func unreadable(err error) error {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	var number *strconv.NumError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &syntax), errors.As(err, &kind), errors.As(err, &number):
		return &ownError{"the body can't be decoded: " + describeJSON(err), err}
	}
	return &ownError{err.Error(), err}
}

// describe says what kind of failure err is. It is an allow-list, because the
// text of any other error can quote the answer, or the URL.
func describe(err error) string {
	if err == nil {
		return ""
	}
	if known := kindOfFailure(err); known != "" {
		return known
	}
	return typeOf(err) + ", whose text is withheld"
}

// kindOfFailure returns "" for an error that is not on the list, and neither is
// what it wraps.
func kindOfFailure(err error) string {
	for _, kind := range []func(error) string{ownFailure, connectionFailure, certificateFailure, http2Failure} {
		if known := kind(err); known != "" {
			return known
		}
	}
	switch e := err.(type) {
	case interface{ Unwrap() error }:
		if inner := e.Unwrap(); inner != nil {
			if known := kindOfFailure(inner); known != "" {
				return known
			}
		}
	case interface{ Unwrap() []error }:
		var all []string
		for _, inner := range e.Unwrap() {
			if known := describe(inner); !slices.Contains(all, known) {
				all = append(all, known)
			}
		}
		return strings.Join(all, "; ")
	}
	if known := fixedText(err.Error()); known != "" {
		return known
	}
	if e, ok := err.(net.Error); ok && e.Timeout() {
		return "timeout"
	}
	return ""
}

// ownFailure knows the errors of this package, and those that are one value with
// one text.
func ownFailure(err error) string {
	switch e := err.(type) {
	case *cause, *ownError, *Error, *TransportError, *ParamError, *AwaitError, *UnresolvedError:
		return err.Error()
	case *clientSideError:
		var wrapped *url.Error
		if errors.As(err, &wrapped) { // whose text holds the URL
			return "client-side " + describe(wrapped.Err)
		}
		return text.Masked(e.Error()) // the limiter's own text
	}
	switch err {
	case context.Canceled, context.DeadlineExceeded, io.EOF, io.ErrUnexpectedEOF, io.ErrClosedPipe, net.ErrClosed, http.ErrSchemeMismatch,
		errBodyTooLarge, errNoRequestID, errNotStripes, errOtherCall:
		return err.Error()
	}
	if words := err.Error(); fmt.Sprintf("%T", err) == "*errors.errorString" && strings.HasPrefix(words, "refundkit: ") {
		return text.Masked(words)
	}
	return ""
}

// connectionFailure knows what goes wrong before an answer comes, and on its way.
func connectionFailure(err error) string {
	switch e := err.(type) {
	case *net.OpError:
		where := text.Masked(e.Op + " " + e.Net)
		if address, ok := e.Addr.(*net.TCPAddr); ok {
			where += " " + address.String()
		}
		return where + ": " + describe(e.Err)
	case *net.DNSError:
		switch name := "lookup " + text.Masked(e.Name); {
		case e.IsNotFound:
			return name + ": no such host"
		case e.IsTimeout:
			return name + ": timeout"
		default:
			return name + ": the name server failed"
		}
	case *os.SyscallError:
		return text.Masked(e.Syscall) + ": " + describe(e.Err)
	}
	switch fmt.Sprintf("%T", err) {
	case "syscall.Errno", "tls.alert", "tls.AlertError": // numbers with a text each; the first is not on every system
		return err.Error()
	}
	return ""
}

// certificateFailure knows what goes wrong between TCP and HTTP. The names in a
// certificate are the server's text; the name that was asked for is not.
func certificateFailure(err error) string {
	switch e := err.(type) {
	case x509.UnknownAuthorityError:
		return "the certificate is signed by an unknown authority"
	case x509.HostnameError:
		return "the certificate is not for " + text.Masked(e.Host)
	case x509.SystemRootsError:
		return "the system's root certificates can't be loaded"
	case x509.CertificateInvalidError:
		if e.Reason == x509.Expired {
			return "the certificate has expired or is not yet valid"
		}
		return fmt.Sprintf("the certificate is not valid (x509 reason %d)", e.Reason)
	case *tls.CertificateVerificationError:
		if known := kindOfFailure(e.Err); known != "" {
			return known
		}
		return "the certificate can't be verified"
	case tls.RecordHeaderError:
		return "the server does not speak TLS"
	}
	return ""
}

// http2Failure knows the errors of HTTP/2, whose types net/http does not export.
// Their texts can hold what the server wrote beside the code.
func http2Failure(err error) string {
	name := typeOf(err)
	if !strings.Contains(name, "http2") {
		return ""
	}
	for end, kind := range map[string]string{
		"StreamError": "HTTP/2 stream error", "ConnectionError": "HTTP/2 connection error", "GoAwayError": "HTTP/2 GOAWAY, the server closed the connection",
	} {
		if !strings.HasSuffix(name, end) {
			continue
		}
		words := err.Error()
		for _, code := range []string{
			"NO_ERROR", "PROTOCOL_ERROR", "INTERNAL_ERROR", "FLOW_CONTROL_ERROR", "SETTINGS_TIMEOUT", "STREAM_CLOSED", "FRAME_SIZE_ERROR",
			"REFUSED_STREAM", "CANCEL", "COMPRESSION_ERROR", "CONNECT_ERROR", "ENHANCE_YOUR_CALM", "INADEQUATE_SECURITY", "HTTP_1_1_REQUIRED",
		} {
			if strings.Contains(words, code) {
				return kind + " (" + code + ")"
			}
		}
		return kind
	}
	return ""
}

// fixedText knows texts that are always the same, and the beginnings of those
// that go on with a quotation.
func fixedText(words string) string {
	for _, whole := range []string{
		"http: server closed idle connection", "http: idle connection timeout", "http: CloseIdleConnections called", "net/http: TLS handshake timeout",
		"net/http: timeout awaiting response headers", "net/http: request canceled", "net/http: request canceled while waiting for connection",
		"http: read on closed response body", "http2: client connection lost", "http2: client conn is closed", "http2: client conn not usable",
		"http2: timeout awaiting response headers", "http2: Transport received Server's graceful shutdown GOAWAY",
		"http2: client connection force closed via ClientConn.Close", "http2: response body closed", "i/o timeout",
		"no responder found", // httpmock's: a test has not registered the request
	} {
		if words == whole {
			return whole
		}
	}
	for _, start := range []string{
		"malformed HTTP response", "malformed HTTP status code", "malformed HTTP version", "malformed MIME header", "malformed chunked encoding",
		"invalid byte in chunk length", "http chunk length too large", "header line too long", "chunked encoding contains too much non-data",
		"bad Content-Length", "invalid empty Content-Length", "http: message cannot contain multiple Content-Length headers",
		"unsupported transfer encoding", "too many transfer encodings", "invalid Trailer key", "bad trailer key", "http: unexpected EOF reading trailer",
		"http: suspiciously long trailer", "net/http: server response headers exceeded", "failed to parse Location header",
		"malformed response from server", "message too large", "gzip: invalid header", "gzip: invalid checksum", "flate: corrupt input",
		"http2: response header list larger", "http2: invalid header", "unexpected CONTINUATION frame",
	} {
		if strings.HasPrefix(words, start) {
			return "malformed answer: " + strings.TrimPrefix(start, "malformed ")
		}
	}
	for code := http.StatusMultipleChoices; code < 600; code++ {
		if status := http.StatusText(code); status != "" && status == words {
			return "the proxy answered CONNECT with " + status // net/http makes its error of these words alone
		}
	}
	return ""
}

// typeOf names the first type in a chain of errors that says more than that it
// is an error.
func typeOf(err error) string {
	name := ""
	for ; err != nil; err = errors.Unwrap(err) {
		name = fmt.Sprintf("%T", err)
		if !strings.HasPrefix(name, "*fmt.") && !strings.HasPrefix(name, "*errors.") && !strings.HasPrefix(name, "*url.") {
			return name
		}
	}
	return name
}
