// Command stripe-go makes one call with the official client.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/stripe/stripe-go/v86"
)

func main() {
	client := stripe.NewClient(os.Getenv("STRIPE_API_KEY"))
	refund, err := client.V1Refunds.Create(context.Background(), &stripe.RefundCreateParams{Charge: stripe.String(os.Args[1]), Amount: stripe.Int64(500)})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(refund.ID, refund.Status)
}
